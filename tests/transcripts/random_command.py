# SPDX-License-Identifier: Apache-2.0
"""What the differential test sends."""

import dataclasses


@dataclasses.dataclass
class Command:
    words: list
    sort_reply: bool = False  # the order of the elements means nothing
    in_pairs: bool = False    # and every two belong together
    only_size: bool = False   # chance has a part in which elements there are
    scan: bool = False        # a cursor and elements, of which the cursor means nothing
    inner: list = None        # EXEC: the commands whose replies are its elements
    encoding: bool = False    # of a string it tells its history, which Borg does not keep
