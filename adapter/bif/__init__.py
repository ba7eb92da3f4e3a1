"""The Biller Invoice File (E1 to E3): its rows, writer, reader, check and samples."""
