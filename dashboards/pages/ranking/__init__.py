"""排名: who leads and who lags among comparable units."""
