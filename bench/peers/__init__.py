"""What a team would pick instead of the product: small programs that answer the same questions (bench/README.md).

`catalog` says who they are and what they are asked; `data` makes their tables, `environment` their packages;
`measuring` drives them. The `with_…` modules are the programs. They run in an environment of their own, without the
product's code.
"""
