"""Questions to sewers and streets: verify, import, trace, the GB 50014 test."""
