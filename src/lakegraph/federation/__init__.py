"""Federation: other catalogs registered as peers, asked through one broker, joined in the lake's own words."""
