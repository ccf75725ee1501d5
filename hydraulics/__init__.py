"""Water supply: who has water, who has not, and where a burst main gives its water to the street."""
