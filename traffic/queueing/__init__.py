"""The queue engine (`traffic.fast`) behind the ports of the traffic domain. Nothing heavy happens here."""
