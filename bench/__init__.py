"""The bench: what a request costs beside the floor, on both databases (bench/README.md).

`world` are organizations, keys and people; `rows` the rows of the three rooms; `data` puts both into a database.
`floor` is the yardstick; `load` drives one path; `run` measures floor and product in turn and writes the results, `bulk`
what is measured by the piece. `peers` are programs in other frameworks.
"""
