"""provision.yml, teardown.yml and image.yml, as far as they speak to the cloud."""

from __future__ import annotations

import pytest
from instance_world import NEW, ZONES
from playbook_cuts import PlaybookStage

pytestmark = pytest.mark.cli

SECRET = "#!/bin/bash\necho root:Correct-Horse-7 | chpasswd\n"
PLAN = {"name": "proof", "region": "lab-north-1", **NEW, "user_data": SECRET, "systems": {"etcd": {"r": {"count": 1}}}}


class Stage(PlaybookStage):
    def world(self):
        world = super().world()
        self._switch.application = world.api
        return world

    def say(self, world, playbook, *arguments, **options):
        """The exit code and what was said, line breaks folded."""
        with self.start(world, playbook, *arguments, **options) as process:
            said, _ = process.communicate(timeout=120)
        return process.returncode, " ".join(said.split())


@pytest.fixture
def stage(socket_and_switch, tmp_path):
    return Stage(*socket_and_switch, tmp_path)


def test_a_plan_of_another_region_than_the_environments_is_asked_about_and_taken_back(stage):
    world, elsewhere = stage.world(), {"region": "lab-south-1", "cluster_plan": PLAN}
    code, said = stage.say(world, "provision", "-v", **elsewhere)
    assert code == 0 and world.names() == ["etcd-r-0001"], said
    assert "Correct-Horse-7" not in said, "-v shows user_data"
    assert world.state_file.exists()
    code, said = stage.say(world, "teardown", "--check", **elsewhere)
    assert code == 0 and "To be deleted: etcd-r-0001." in said
    code, said = stage.say(world, "teardown", **elsewhere)
    assert code != 0 and "Nothing was deleted: nobody answered." in said
    assert world.names() == ["etcd-r-0001"]
    code, said = stage.say(world, "teardown", **elsewhere, confirm="proof")
    assert code == 0 and world.names() == [], said


def test_disks_that_stay_are_named(stage):
    world = stage.world()
    plan = {**PLAN, "data_disks": [{"size": 10, "delete_on_termination": False}]}
    assert stage.say(world, "provision", cluster_plan=plan)[0] == 0
    (disk,) = [it.id for it in world.servers()[0].volumes if not it.delete_on_termination]
    code, said = stage.say(world, "teardown", cluster_plan=plan, confirm="proof")
    assert code == 0 and f"delete them in the console ({disk})" in said


def test_servers_that_are_to_go_are_not_called_forgotten(stage):
    world = stage.world()
    assert stage.say(world, "provision", cluster_plan=PLAN)[0] == 0
    none = {**PLAN, "systems": {"etcd": {"r": {"count": 0}}}}
    code, said = stage.say(world, "provision", "--check", cluster_plan=none)
    assert code == 0 and "delete etcd-r-0001" in said and "names no cluster for it now" not in said


def test_a_server_left_by_a_run_that_had_made_its_image_goes(stage):
    world = stage.world()
    server = {"name": "image-hz", "plan": "image-hz", "slot": "mould", "state": "stopped", **NEW}
    made = world.run(**server, availability_zone=ZONES[0])["instance"]["id"]
    world.make(name="other")
    world.run("huaweicloud_ims_image", name="hz", server=made)
    code, said = stage.say(world, "image", image_plan={"name": "hz", "server": NEW})
    assert code == 0 and world.names() == ["other"], said
    assert [it.name for it in world.cloud.store.images.values()] == ["hz"]
