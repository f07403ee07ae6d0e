"""A plugin of pytest for the judging process: the items in an order drawn from the environment's `SHUFFLING_SEED`."""

from __future__ import annotations

import os
import random

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    random.Random(int(os.environ["SHUFFLING_SEED"])).shuffle(items)
