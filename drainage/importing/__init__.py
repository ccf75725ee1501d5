"""From a city's layer of mains (GeoJSON) to a SWMM file that runs: fields, repairs by stated rules, subcatchments."""
