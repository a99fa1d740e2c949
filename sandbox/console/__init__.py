"""The staff console in the browser: what buyers, sellers and warehouse staff do, without a sign-in."""
