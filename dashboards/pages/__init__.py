"""The views, one package each: `layout` lays rows out, `callbacks` reads them."""
