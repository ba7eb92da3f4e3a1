"""What is promised on each wire, as data: OpenAPI, WSDL, the BIF's table, vectors, decisions."""
