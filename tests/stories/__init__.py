"""What people do in tests, one module a noun, so that a test reads like its story: `stands(alice, GATE, now)`."""
