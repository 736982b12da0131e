"""Prescreens: prospects answer a questionnaire before a home is shown, and a leasing agent approves or denies.

Words. A *questionnaire* is an organization's questions and criteria, kept in versions; the API calls it a workflow
template. A *prescreen* is one prospect's answers to one version, the API's session; its *submission* is the answers. A
*contact* is the person behind one or several prescreens.

States. `draft` (started, nothing answered) → `active` (answering) → `completed`. A completed prescreen is
`pending_review` until it is `approved` or `denied`, finally. A prescreen that is not reviewed 30 days after its
creation is `expired`; that is computed on read, never stored.
"""
