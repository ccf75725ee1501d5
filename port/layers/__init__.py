"""Vehicle, road and cloud as layers over the terminal: radio, positioning, roadside sensing, power by feeder, rain.

Each acts on both engines through the same few hooks and can be taken away. Import from the modules themselves.
"""
