"""Prescreens: what a prospect answers before a home is shown, and the one decision a leasing agent makes about it.

Words: a *workflow template* is an organization's questionnaire, kept in versions; a *prescreen* is one prospect's way
through one version; its *submission* is the answers; a *contact* is the person behind one or several prescreens.

States: `draft` (Start pressed, nothing answered) → `active` (answering) → `completed`. A completed one is
`pending_review` until it is `approved` or `denied`, finally. Whatever is not reviewed 30 days after it was created
reads `expired` everywhere at once: that is computed, never written.
"""
