"""The Greengrass IPC: AWS's device SDK accepts our small nucleus, then the agent runs as its component."""

import base64
import json
import os
import queue
import signal
import subprocess
from pathlib import Path

from awsiot.greengrasscoreipc import client as ipc
from awsiot.greengrasscoreipc import connect, model
from botocore.eventstream import EventStreamBuffer

import nucleus as small
import peers

WAIT_S = 30


class Events(ipc.SubscribeToComponentUpdatesStreamHandler, ipc.SubscribeToConfigurationUpdateStreamHandler):
    def __init__(self):
        super().__init__()
        self.events, self.errors = queue.Queue(), []

    def on_stream_event(self, event) -> None:
        self.events.put(event)

    def on_stream_error(self, error: Exception) -> bool:
        self.errors.append(error)
        return True


def call(operation, request):
    operation.activate(request).result(WAIT_S)
    return operation.get_response().result(WAIT_S)


def the_sdk_accepts_our_nucleus(folder: Path) -> int:
    with small.Nucleus(folder, {"models": "/m", "deferMinutes": 5}) as nucleus:
        aws = connect(ipc_socket=str(nucleus.path), authtoken=nucleus.token, timeout=WAIT_S)
        try:
            call(aws.new_update_state(), model.UpdateStateRequest(state=model.ReportedLifecycleState.RUNNING))
            answer = call(aws.new_get_configuration(), model.GetConfigurationRequest(key_path=[]))
            assert answer.value == nucleus.configuration, answer
            call(aws.new_publish_to_iot_core(),
                 model.PublishToIoTCoreRequest(topic_name="a/b", qos=model.QOS.AT_LEAST_ONCE, payload=b"x"))
            events = Events()
            call(aws.new_subscribe_to_component_updates(events), model.SubscribeToComponentUpdatesRequest())
            nucleus.announce("d-1")
            event = events.events.get(timeout=WAIT_S)
            assert event.pre_update_event.deployment_id == "d-1", event
            call(aws.new_defer_component_update(),
                 model.DeferComponentUpdateRequest(deployment_id="d-1", recheck_after_ms=0))
            changes = Events()
            call(aws.new_subscribe_to_configuration_update(changes), model.SubscribeToConfigurationUpdateRequest(key_path=[]))
            nucleus.configure(models="/n")
            event = changes.events.get(timeout=WAIT_S)
            assert event.configuration_update_event.key_path == ["models"], event
            nucleus.refusals["UpdateState"] = "UnauthorizedError"
            try:
                call(aws.new_update_state(), model.UpdateStateRequest(state=model.ReportedLifecycleState.RUNNING))
                raise RuntimeError("the refusal was not understood")
            except model.UnauthorizedError as error:
                assert error.message, error
            assert not events.errors and not changes.errors, (events.errors, changes.errors)
        finally:
            aws.close().result(WAIT_S)
        try:
            connect(ipc_socket=str(nucleus.path), authtoken="another", timeout=WAIT_S)
        except Exception:  # noqa: BLE001 (the SDK's kind is its own)
            return 8
        raise AssertionError("a wrong token was taken")


def botocore_reads_our_frames(folder: Path) -> int:
    """The nucleus' frames, whole and in pieces, by another implementation of the format."""
    frame = small.encode({":message-type": 0, ":stream-id": 7, "service-model-type": "a#B"}, b'{"x":1}')
    buffer = EventStreamBuffer()
    for at in range(0, len(frame), 5):
        buffer.add_data(frame[at:at + 5])
    (message,) = list(buffer)
    assert message.headers == {":message-type": 0, ":stream-id": 7, "service-model-type": "a#B"}, message.headers
    assert message.payload == b'{"x":1}'
    return 1


class Agent:
    """The agent as a component of a nucleus, with the folder that a model component fills."""

    CONFIG = """
[device]
id = "gw-1"
site = "alder"
[broker]
port = 1
[uplink]
port = 1
[paths]
state = "{state}"
[model]
bundle = "{bundle}"
[delivery]
enabled = true
root = "{root}"
[[asset]]
id = "P-1"
area = "hall"
machine = {{ shaft_hz = 25.0, bpfo = 3.5 }}
  [[asset.channel]]
  name = "vib"
  unit = "m/s2"
  kind = "samples"
  rate_hz = 1000
  [[asset.channel]]
  name = "temperature"
  unit = "degC"
  rate_hz = 1
"""

    def __init__(self, folder: Path, nucleus: small.Nucleus, repository: peers.Repository, *first):
        self.folder, self.nucleus, self.repository = folder, nucleus, repository
        self.release = folder / "work/model/release"
        bundle = peers.make_bundle(folder / "first", "0", *first)
        (folder / "state").mkdir(exist_ok=True)
        self.config = folder / "agent.toml"
        self.config.write_text(self.CONFIG.format(state=folder / "state", bundle=bundle,
                                                  root=repository.folder / "metadata/1.root.json"))

    def __enter__(self) -> "Agent":
        self.log = open(self.folder / "agent.log", "w")
        self.process = subprocess.Popen(
            [peers.program("millwright-agent"), "--config", self.config, "--models-from", self.release],
            env={**os.environ, **self.nucleus.environment}, stderr=self.log, stdout=self.log)
        return self

    def __exit__(self, kind, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        if kind:
            print((self.folder / "agent.log").read_text())

    def put(self, release: dict) -> None:
        """What the install step of a model component leaves: a whole folder that takes another's place."""
        out = self.folder / f"export-{release['release']}"
        told = peers.cli("aws", "export", "--release", release["target"], "--repository", self.repository.folder, "--out", out,
                         *PLACE, "--stream-role", ROLE, "--thing", "gw-1")
        recipe = json.loads((out / f"greengrass/{told['model_component']}.json").read_text())
        manifest = recipe["Manifests"][0]
        artifacts = out / "s3" / Path(manifest["Artifacts"][0]["Uri"].removeprefix("s3://plant-models/")).parent
        script = manifest["Lifecycle"]["install"]["Script"]
        for name, value in {"artifacts:path": artifacts, "work:path": self.folder / "work"}.items():
            script = script.replace("{" + name + "}", str(value))
        (self.folder / "work").mkdir(exist_ok=True)
        subprocess.run(["sh", "-c", script], check=True, timeout=60)
        self.nucleus.event("SubscribeToComponentUpdates", "ComponentUpdatePolicyEvents",
                           {"postUpdateEvent": {"deploymentId": f"d-{release['release']}"}})

    def told(self, phase: str) -> dict:
        """The next word on a model that names this phase, as IoT Core would get it."""
        def parsed(request: dict) -> dict:
            assert request["topicName"] == "millwright/models/gw-1", request
            return json.loads(base64.b64decode(request["payload"]))
        return parsed(self.nucleus.wait_for("PublishToIoTCore", lambda request: parsed(request).get("phase") == phase))


PLACE = ("--region", "eu-central-1", "--account", "123456789012", "--bucket", "plant-models")
ROLE = "arn:aws:iam::123456789012:role/mw-streams"


def the_agent_is_a_component(folder: Path) -> int:
    """State after the self-test, models without a restart, updates put off, a nucleus that restarts."""
    repository = peers.Repository(folder)
    with small.Nucleus(folder, {"statusTopic": "millwright/models", "deferMinutes": 60.0}) as nucleus:
        with Agent(folder, nucleus, repository) as agent:
            assert nucleus.wait_for("UpdateState") == {"state": "RUNNING"}
            agent.put(repository.add("1"))
            first = agent.told("shadow")
            assert first["device"] == "gw-1" and first["status"] == "IN_PROGRESS", first
            until_deferred(nucleus, "d-10", lambda ms: ms > 0)
            agent.put(repository.add("2"))
            second = agent.told("shadow")
            assert second["release"] != first["release"], second
            agent.put(repository.add("3", "wrong"))
            refused = agent.told("refused")
            assert refused["status"] == "FAILED" and "golden" in refused["reason"], refused
            until_deferred(nucleus, "d-11", lambda ms: ms == 0)
            nucleus.hang_up()
            assert nucleus.wait_for("UpdateState") == {"state": "RUNNING"}
            agent.process.send_signal(signal.SIGTERM)
            assert agent.process.wait(WAIT_S) == 0
    return 0


def until_deferred(nucleus: small.Nucleus, deployment: str, judge) -> None:
    """Asks as a nucleus does, again and again, until the agent's answer is the right one."""
    for _ in range(20):
        nucleus.announce(deployment)
        answer = nucleus.wait_for("DeferComponentUpdate")
        assert answer["deploymentId"] == deployment, answer
        if judge(answer["recheckAfterMs"]):
            return
    raise AssertionError(answer)


def a_failed_self_test_is_told(folder: Path) -> int:
    repository = peers.Repository(folder)
    with small.Nucleus(folder) as nucleus, Agent(folder, nucleus, repository, "wrong") as agent:
        assert nucleus.wait_for("UpdateState") == {"state": "ERRORED"}
        assert agent.process.wait(WAIT_S) not in (0, None)
    return 0


CASES = [botocore_reads_our_frames, the_sdk_accepts_our_nucleus, the_agent_is_a_component, a_failed_self_test_is_told]
