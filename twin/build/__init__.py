"""A plausible city from its streets: water mains, sewers, traffic and a terminal where a city has no data.

Every network follows the real streets, lies in one coordinate system and is sized by ordinary design rules, so the
four models can be coupled at once and replaced by real files one by one.
"""
