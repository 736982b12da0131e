"""The JSON APIs: routing, validation, rate limits, problem documents, OpenAPI."""
