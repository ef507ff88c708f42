"""The Postman collection: generated from the API document, plus the flows of `flows/`."""
