"""Notices: what people asked to be told, by mail or by signed webhook, in few messages (features.md MO-7).

Problems are written by whoever finds them and know nothing of this room. The schedule sorts those that were
not told yet into messages (`collecting`, by the rules of `grouping`), and workers send each until it is taken
(`sending`, over `channels`, in the words of `wording`). Who is told what is kept by `rules`.
"""
