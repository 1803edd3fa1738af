"""Takes the steps of a plan: sends the requests, waits for their jobs, keeps the state file true on the way."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from ..errors import ApiError, HuaweiCloudError, UncertainError
from ..retry import Deadline, is_transient
from . import jobs, order, refusals
from .api import MOST_IN_A_BATCH, JobState, ServerApi
from .differences import Update, is_id
from .jobs import Ended, Job
from .ledger import Ledger, Order
from .outcome import Outcome
from .plan import Create, Delete, Power

WORKERS = 8


class JobError(HuaweiCloudError):
    """A job failed, or had not ended when the time was over."""


class Steps:
    """Carries plans out. `apis` by region; what is done is noted in `outcome`, and stays done when a method raises
    HuaweiCloudError.
    """

    def __init__(
        self, apis: Mapping[str, ServerApi], ledger: Ledger, outcome: Outcome, deadline: Deadline, *, wait: bool
    ) -> None:
        self._apis = apis
        self._ledger = ledger
        self._outcome = outcome
        self._deadline = deadline
        self._wait = wait
        self._images: dict[tuple[str, str], str] = {}
        self.made: dict[str, Create] = {}
        """Servers ordered in this run, by id: the list must show them before anybody counts."""
        self.restarted: set[str] = set()
        """Servers that count as restarted: rebooted, started or made in this run."""
        self._doubtful: set[str] = set()

    def await_orders(self, orders: Iterable[tuple[Order, Create]]) -> None:
        """Settle answered orders whose jobs have ended, which is waited for when this run waits. What a failed one left
        half made is deleted, when its entry says so. Raises JobError for those that failed or are late.
        """
        known = {made.job_id: (made, create) for made, create in orders if made.job_id}
        problems = []
        for ended in self._ended((made for made, _ in known.values()), self._deadline if self._wait else Deadline(0)):
            made, create = known[ended.job.id]
            if ended.state is None:
                if self._wait:
                    problems.append(self._late(ended) + " The order is kept: run again to go on waiting for it.")
                continue
            if ended.state.status == "FAIL":
                problems.append(self._failed_order(ended, ended.state, made, create))
            self._ledger.settle(made)
        if problems:
            raise JobError(" ".join(problems))

    def drop_ended(self, orders: Iterable[Order]) -> None:
        """Settle answered orders whose jobs have ended by now, no matter how: their servers are not wanted any more."""
        known = {made.job_id: made for made in orders if made.job_id}
        for ended in self._ended(known.values(), Deadline(0)):
            if ended.state:
                self._ledger.settle(known[ended.job.id])

    def _ended(self, orders: Iterable[Order], deadline: Deadline) -> list[Ended]:
        return jobs.wait_for(
            [Job(it.job_id, f"create {' '.join(it.names)}", _asker(self._apis[it.region], it.job_id)) for it in orders],
            deadline,
        )

    def confirm_deleted(self, listed: Container[str]) -> None:
        """After a look: of servers whose deletion got no clear answer, those that are not `listed` are deleted."""
        self._outcome.deleted += sorted(it for it in self._doubtful if it not in listed)
        self._doubtful.clear()

    def delete(self, steps: Sequence[Delete]) -> None:
        groups: dict[tuple[str, bool, bool], list[str]] = {}
        for step in steps:
            key = step.wanted.region, step.wanted.delete_eip, step.wanted.delete_volumes
            groups.setdefault(key, []).extend(it.id for it in step.instances)
        for (region, eip, volumes), ids in groups.items():
            for batch in _batches(ids):
                try:
                    job_id = self._apis[region].delete(batch, eip=eip, volumes=volumes)
                except UncertainError:
                    self._doubtful.update(batch)
                    raise
                for server_id in batch:
                    self.made.pop(server_id, None)
                self._await(region, job_id, f"delete {', '.join(batch)}")
                self._outcome.deleted += [it for it in batch if it not in self._outcome.deleted]

    def create(self, missing: Callable[[], Sequence[Create]]) -> None:
        """Order what `missing` says, which is asked when no other run can order any more before this one has."""
        placed: list[tuple[Order, Create]] = []
        try:
            with self._ledger.exclusive():
                for step in missing():
                    placed.append((self._place(step), step))
        except ApiError:
            # What was ordered before the refusal is waited for: no run ends with servers nobody watches.
            if self._wait:
                self.await_orders(placed)
            raise
        if self._wait:
            self.await_orders(placed)

    def _place(self, step: Create) -> Order:
        wanted, count = step.wanted, len(step.names)
        api = self._apis[wanted.region]
        body = order.body(wanted, self._image(api, wanted.image), step.zone, step.names[0], count)
        placed = step.order or self._ledger.place(wanted.key, wanted.region, api.project_id, step.zone, step.names)
        try:
            job_id, ids = api.create(body, placed.token)
        except ApiError as error:
            if is_transient(error):
                raise  # nobody knows what came of it: the token stays
            if error.code != refusals.TOKEN_OF_ANOTHER_BODY:
                self._ledger.settle(placed)
            if error.code not in refusals.LOOK_AGAIN:
                refusals.name_it(error, wanted, step.zone, count)
                self._tell_quotas(api, error)
            raise
        self._outcome.created += [it for it in ids if it not in self._outcome.created]
        self._outcome.jobs.append(job_id)
        self.made.update(dict.fromkeys(ids, step))
        self.restarted.update(ids)
        return self._ledger.answered(placed, job_id, ids)

    def _image(self, api: ServerApi, image: str) -> str:
        """The id of an image given by id or name; a name is looked up once."""
        if is_id(image):
            return image
        if (api.region, image) not in self._images:
            self._images[api.region, image] = api.image_id(image)
        return self._images[api.region, image]

    def _tell_quotas(self, api: ServerApi, error: ApiError) -> None:
        if error.code != refusals.QUOTA:
            return
        try:
            error.note = refusals.quotas(api.limits())
        except HuaweiCloudError:
            return  # the refusal itself says enough

    def update(self, steps: Sequence[Update]) -> None:
        """Change servers in place, several at a time."""
        if not steps:
            return
        with ThreadPoolExecutor(min(WORKERS, len(steps))) as pool:
            futures = [pool.submit(self._update_one, step) for step in steps]
        for future in futures:
            future.result()

    def _update_one(self, step: Update) -> None:
        for request in _requests(step, self._apis[step.instance.server.region]):
            with self._changing([step.instance.id]):
                request()

    @contextmanager
    def _changing(self, ids: Iterable[str]) -> Iterator[None]:
        """Servers that a request changes: they are, unless it is refused."""
        try:
            yield
        except UncertainError:
            self._outcome.changed += ids
            raise
        self._outcome.changed += ids

    def power(self, steps: Sequence[Power]) -> None:
        """Start, stop, reboot and resize, each kind at once."""
        batches: dict[tuple[str, str], list[Power]] = {}
        for step in steps:
            if step.action != "resize":
                batches.setdefault((step.wanted.region, step.action), []).append(step)
        for (region, action), batch in batches.items():
            ids = [it.instance.id for it in batch]
            for step in batch:
                if step.return_to_work:
                    self._ledger.remember_start(step.instance.id)
            with self._changing(ids):
                job_id = self._apis[region].power(action, ids)
            if action in ("reboot", "start"):
                self.restarted.update(ids)
            self._await(region, job_id, f"{action} {', '.join(it.instance.name for it in batch)}")
        self._resize([it for it in steps if it.action == "resize"])

    def _resize(self, steps: Sequence[Power]) -> None:
        running: list[tuple[Power, str]] = []
        for step in steps:
            api = self._apis[step.wanted.region]
            try:
                with self._changing([step.instance.id]):
                    running.append((step, api.resize(step.instance.id, step.flavor)))
            except ApiError as error:
                if error.code not in refusals.LOOK_AGAIN:
                    refusals.name_it(error, step.wanted, step.instance.server.availability_zone, 1)
                raise
        for step, job_id in running:
            self._await(step.wanted.region, job_id, step.words())

    def _await(self, region: str, job_id: str, what: str) -> None:
        """Wait for a job that is no order. Raises JobError."""
        self._outcome.jobs.append(job_id)
        if not self._wait:
            return
        (ended,) = jobs.wait_for([Job(job_id, what, _asker(self._apis[region], job_id))], self._deadline)
        if ended.state is None:
            raise JobError(self._late(ended))
        if ended.state.status == "FAIL":
            raise JobError(f"Job {job_id} ({what}) failed: {jobs.failures(ended.state)}.")

    def _late(self, ended: Ended) -> str:
        return f"Job {ended.job.id} ({ended.job.what}) had not ended after {self._deadline.seconds:.0f} s."

    def _failed_order(self, ended: Ended, state: JobState, made: Order, create: Create) -> str:
        broken = [it.server_id for it in state.parts if it.status == "FAIL" and it.server_id]
        codes = [it.code for it in state.parts if it.code] or [state.code]
        text = f"Job {ended.job.id} ({ended.job.what}) failed: {jobs.failures(state)}."
        for server_id in broken:
            self.made.pop(server_id, None)
        about = refusals.subject(codes[0], create.wanted, create.zone, len(made.names))
        text += f" {about[0].upper()}{about[1:]}." if about else ""
        if not broken or create.wanted.on_failure != "delete":
            return f"{text} What it left is there to be looked at." if broken else text
        return f"{text} {self._remove(made.region, create, broken)}"

    def _remove(self, region: str, create: Create, broken: Sequence[str]) -> str:
        """Delete what never came up; says how that went, because the creation's failure is what matters."""
        wanted, api = create.wanted, self._apis[region]
        listed = {it.id for it in api.list([("server_id", ",".join(broken))])}
        left = [it for it in broken if it in listed]
        if not left:
            return "Nothing of it is left."
        try:
            job_id = api.delete(left, eip=wanted.delete_eip, volumes=wanted.delete_volumes)
            self._await(region, job_id, f"delete {', '.join(left)}")
        except HuaweiCloudError as error:
            return f"The half-made {', '.join(left)} could not be deleted: {error}"
        self._outcome.deleted += left
        return f"The half-made {', '.join(left)} was deleted."


def _requests(step: Update, api: ServerApi) -> Iterator[Callable[[], None]]:
    """The requests that make a change, in an order in which each is possible."""
    instance = step.instance
    if step.name:
        yield partial(api.rename, instance.id, step.name)
    if step.tags_removed:  # first: a server may have ten
        yield partial(api.remove_tags, instance.id, {key: instance.server.tags[key] for key in step.tags_removed})
    if step.tags:
        yield partial(api.set_tags, instance.id, step.tags)
    new_items = {key: value for key, value in step.metadata.items() if value is not None}
    if new_items:
        yield partial(api.set_metadata, instance.id, new_items)
    for key in sorted(step.metadata.keys() - new_items.keys()):
        yield partial(api.remove_metadata, instance.id, key)
    for group in step.groups_added:  # first: a server without a group lets nobody in
        yield partial(api.add_group, instance.id, group)
    for gone in step.groups_removed:
        yield partial(api.remove_group, instance.id, gone.id or gone.name)


def _batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + MOST_IN_A_BATCH] for start in range(0, len(ids), MOST_IN_A_BATCH))


def _asker(api: ServerApi, job_id: str) -> Callable[[], JobState]:
    return lambda: api.job(job_id)
