"""Everything that runs: the state, what acts on it, and each company's office; made anew by a reset."""

from pathlib import Path
from random import Random

import sandbox.aiq.seed
import sandbox.flourish.customers
import sandbox.flourish.labs
import sandbox.flourish.retail.discounts
import sandbox.flourish.seed
import sandbox.leaflink.seed
import sandbox.ordo.seed
from sandbox.accounts import ACCOUNTS, AIQ, FLOURISH, LEAFLINK, ORDO, WORLDS, of_world
from sandbox.errors import BadValue
from sandbox.faults.switchboard import Faults
from sandbox.late import LateWrites
from sandbox.ledger import Ledger
from sandbox.office import Office
from sandbox.outbox import Outbox
from sandbox.store import Store
from sandbox.worlds.making import make_world

SEED = 1
FILE = "sandbox.sqlite"
WEBHOOKS = tuple(f"{platform}.webhook" for platform in (LEAFLINK, FLOURISH, AIQ))
FILLERS = {
    LEAFLINK: (sandbox.leaflink.seed.fill,),
    FLOURISH: (
        sandbox.flourish.seed.fill,
        sandbox.flourish.customers.fill,
        sandbox.flourish.labs.fill,
        sandbox.flourish.retail.discounts.fill,
    ),
    ORDO: (sandbox.ordo.seed.fill,),
    AIQ: (sandbox.aiq.seed.fill,),
}


class Simulation:
    """Every platform over one store.

    Args:
        data: the directory of the state; made when absent, filled when new.
    """

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.store = Store(data / FILE)
        seed = self.store.setting("seed")
        self.faults = Faults(self.store, SEED if seed is None else seed)
        self.ledger = Ledger(self.store)
        self.late = LateWrites(self.store)
        self.outbox = Outbox(self.store, self.faults)
        self.random = Random(seed)
        if seed is None:
            self.reset(SEED)

    def office(self, platform: str, world: str) -> Office:
        """Return a company's office.

        Raises:
            BadValue: there is no such world.
        """
        account = of_world(platform, world)
        if account is None:
            raise BadValue(f"The company is one of {', '.join(WORLDS)}.", "company")
        return Office(self.store, self.outbox, account)

    def reset(self, seed: int, *, keep_webhooks: bool = False) -> None:
        """Make all data anew from a seed. The ledger and the settings stay; faults and deliveries end.

        Args:
            seed: what data and chances are drawn from.
            keep_webhooks: leave the registered webhooks as they are.
        """
        self.faults.clear()
        with self.store.transaction():
            self.store.clear(keep=WEBHOOKS if keep_webhooks else ())
            self.store.set_setting("seed", seed)
            for account in ACCOUNTS:
                for fill in FILLERS[account.platform]:
                    fill(self.office(account.platform, account.world), make_world(account.world, seed))
        self.faults.reseed(seed)
        self.random.seed(seed)

    def close(self) -> None:
        """Stop sending and carrying out, and close the state."""
        self.late.close()
        self.outbox.stop()
        self.store.close()
