"""The partners: one file each to talk and to map, with HTTP, SOAP and DataSets beneath them."""
