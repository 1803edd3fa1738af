"""Takes the steps of a plan: sends the requests, waits for their jobs, keeps the state file true on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..errors import ApiError, HuaweiCloudError
from ..retry import Deadline, is_transient
from . import jobs, order, refusals
from .api import MOST_IN_A_BATCH, JobState, ServerApi
from .differences import Update, is_id
from .jobs import Ended, Job
from .ledger import Ledger, Order
from .outcome import Outcome
from .plan import Create, Delete, Plan, Power

WORKERS = 8


class OvertakenError(HuaweiCloudError):
    """Another run ordered servers while this one planned: the plan may be out of date."""


class JobError(HuaweiCloudError):
    """A job failed, or had not ended when the time was over."""


class Steps:
    """Carries plans out. `apis` by region; what is done is noted in `outcome`."""

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

    def take(self, plan: Plan) -> None:
        """Deletes, creates, changes in place, power. Raises HuaweiCloudError; what is done already stays done."""
        self._delete(plan.deletes)
        if plan.creates:
            self._create(plan.creates)
        self._update(plan.updates)
        self._power(plan.powers)

    def await_orders(self, orders: Iterable[tuple[Order, Create | None]]) -> None:
        """Wait for the jobs of answered orders and settle them. What a failed one left half made is deleted, when its
        entry says so. Raises JobError for those that failed or are late.
        """
        known = {made.job_id: (made, create) for made, create in orders if made.job_id}
        if not known:
            return
        waited = jobs.wait_for(
            [
                Job(job_id, f"create {' '.join(made.names)}", _asker(self._apis[made.region], job_id))
                for job_id, (made, _) in known.items()
            ],
            self._deadline,
        )
        problems = []
        for ended in waited:
            made, create = known[ended.job.id]
            if ended.state is None:
                problems.append(self._late(ended) + " The order is kept: run again to go on waiting for it.")
                continue
            if ended.state.status == "FAIL":
                problems.append(self._failed_order(ended, ended.state, made, create))
            self._ledger.settle(made)
        if problems:
            raise JobError(" ".join(problems))

    def _delete(self, steps: Sequence[Delete]) -> None:
        groups: dict[tuple[str, bool, bool], list[str]] = {}
        for step in steps:
            key = step.wanted.region, step.wanted.delete_eip, step.wanted.delete_volumes
            groups.setdefault(key, []).extend(it.id for it in step.instances)
        for (region, eip, volumes), ids in groups.items():
            for batch in _batches(ids):
                job_id = self._apis[region].delete(batch, eip=eip, volumes=volumes)
                self._outcome.deleted += [it for it in batch if it not in self._outcome.deleted]
                for server_id in batch:
                    self.made.pop(server_id, None)
                self._await(region, job_id, f"delete {', '.join(batch)}")

    def _create(self, steps: Sequence[Create]) -> None:
        placed: list[tuple[Order, Create | None]] = []
        try:
            with self._ledger.exclusive() as overtaken:
                if overtaken:
                    raise OvertakenError("Another run ordered servers meanwhile.")
                for step in steps:
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
        placed = step.order or self._ledger.place(wanted.key, wanted.region, step.zone, step.names)
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
            error.note = refusals.exhausted(api.limits())
        except HuaweiCloudError:
            return  # the refusal itself says enough

    def _update(self, steps: Sequence[Update]) -> None:
        if not steps:
            return
        with ThreadPoolExecutor(min(WORKERS, len(steps))) as pool:
            futures = [pool.submit(self._update_one, step) for step in steps]
        for future in futures:
            future.result()

    def _update_one(self, step: Update) -> None:
        instance = step.instance
        api = self._apis[instance.server.region]
        self._outcome.changed.append(instance.id)
        if step.name:
            api.rename(instance.id, step.name)
        if step.tags_removed:  # first: a server may have ten
            api.remove_tags(instance.id, {key: instance.server.tags[key] for key in step.tags_removed})
        if step.tags:
            api.set_tags(instance.id, step.tags)
        new_items = {key: value for key, value in step.metadata.items() if value is not None}
        if new_items:
            api.set_metadata(instance.id, new_items)
        for key in sorted(step.metadata.keys() - new_items.keys()):
            api.remove_metadata(instance.id, key)
        for group in step.groups_added:  # first: a server without a group lets nobody in
            api.add_group(instance.id, group)
        for gone in step.groups_removed:
            api.remove_group(instance.id, gone.id or gone.name)

    def _power(self, steps: Sequence[Power]) -> None:
        batches: dict[tuple[str, str], list[Power]] = {}
        for step in steps:
            if step.action != "resize":
                batches.setdefault((step.wanted.region, step.action), []).append(step)
        for (region, action), batch in batches.items():
            ids = [it.instance.id for it in batch]
            self._outcome.changed += ids
            for step in batch:
                if step.return_to_work:
                    self._ledger.remember_start(step.instance.id)
            job_id = self._apis[region].power(action, ids)
            if action == "reboot":
                self.restarted.update(ids)
            self._await(region, job_id, f"{action} {', '.join(it.instance.name for it in batch)}")
        self._resize([it for it in steps if it.action == "resize"])

    def _resize(self, steps: Sequence[Power]) -> None:
        running: list[tuple[Power, str]] = []
        for step in steps:
            self._outcome.changed.append(step.instance.id)
            api = self._apis[step.wanted.region]
            try:
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

    def _failed_order(self, ended: Ended, state: JobState, made: Order, create: Create | None) -> str:
        broken = [it.server_id for it in state.parts if it.status == "FAIL" and it.server_id]
        codes = [it.code for it in state.parts if it.code] or [state.code]
        text = f"Job {ended.job.id} ({ended.job.what}) failed: {jobs.failures(state)}."
        for server_id in broken:
            self.made.pop(server_id, None)
        if create is None:
            return text
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


def _batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + MOST_IN_A_BATCH] for start in range(0, len(ids), MOST_IN_A_BATCH))


def _asker(api: ServerApi, job_id: str) -> Callable[[], JobState]:
    return lambda: api.job(job_id)
