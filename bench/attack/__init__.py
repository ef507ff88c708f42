"""`make attack`: what a stranger, a visitor or somebody who belongs can do to everybody else, tried on the product."""
