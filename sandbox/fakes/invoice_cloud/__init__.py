"""The Invoice Cloud fake: SOAP services, invoice files, payers and the data pump."""
