"""报送进度: who has not reported, who is late, and where it is stuck."""
