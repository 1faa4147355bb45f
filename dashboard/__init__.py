"""The dashboard: what the platform knows, on a screen, for people who read no code.

Here: five tabs in Streamlit. `queries` ask PostgreSQL for aggregates, `charts` turn frames into
pictures, `tabs` put both on the page, `sources` holds the clients. Add a tab's figure in this order.
Keep out: figures that anybody else needs (the core), decisions (they go through the service), and
every write: the database role only reads.
"""
