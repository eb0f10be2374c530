"""Foreign text on our pages (promise 8): what people and models wrote is hostile until it has come through here."""
