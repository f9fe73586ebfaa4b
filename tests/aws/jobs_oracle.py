"""A device that AWS's device SDK plays takes jobs from our hub, over TLS and with a certificate of our authority."""

import datetime
import json
import queue
from pathlib import Path

from awscrt import mqtt
from awsiot import iotjobs, mqtt_connection_builder

import peers
from identity_world import Fortress, until

DEVICE, WAIT_S = "gw-1", 10
CODES = {value for name, value in vars(iotjobs.RejectedErrorCode).items() if name.isupper()}


class Hub(Fortress):
    """With a repository that it delivers from."""

    def __init__(self):
        super().__init__(peers.program("millwright"), peers.program("millwright-hub"))

    def hub_toml(self) -> str:
        self.repository = peers.Repository(self.folder)
        return super().hub_toml() + f'[delivery]\nrepository = "{self.repository.folder}"\n'

    def roll_out(self, target: str) -> str:
        return self.admin_cli("rollout", "start", target, "--waves", "100%", "--no-approval", "--wave-min", "0")["id"]


def key_and_certificate(pem: Path) -> tuple[bytes, bytes]:
    """The SDK wants them apart."""
    text, end = pem.read_bytes(), b"-----END PRIVATE KEY-----\n"
    return text[:text.index(end) + len(end)], text[text.index(end) + len(end):]


class Device:
    """The SDK's client of the Jobs contract; whatever it cannot parse fails the test."""

    def __init__(self, hub: Hub):
        key, certificate = key_and_certificate(hub.enroll(DEVICE) / "identity.pem")
        self.answers = 0
        self.queues: dict[str, queue.Queue] = {}
        self.connection = mqtt_connection_builder.mtls_from_bytes(
            certificate, key, endpoint="127.0.0.1", port=hub.broker_port, ca_filepath=str(hub.ca), client_id=f"mw-models-{DEVICE}",
            clean_session=True, keep_alive_secs=20)
        self.connection.connect().result(WAIT_S)
        self.client = iotjobs.IotJobsClient(self.connection)
        self._subscribe()

    def _subscribe(self) -> None:
        mine = {"thing_name": DEVICE}
        every = {**mine, "job_id": "+"}
        for name, request in {
                "job_executions_changed_events": iotjobs.JobExecutionsChangedSubscriptionRequest(**mine),
                "next_job_execution_changed_events": iotjobs.NextJobExecutionChangedSubscriptionRequest(**mine),
                "get_pending_job_executions": iotjobs.GetPendingJobExecutionsSubscriptionRequest(**mine),
                "start_next_pending_job_execution": iotjobs.StartNextPendingJobExecutionSubscriptionRequest(**mine),
                "describe_job_execution": iotjobs.DescribeJobExecutionSubscriptionRequest(**every),
                "update_job_execution": iotjobs.UpdateJobExecutionSubscriptionRequest(**every)}.items():
            for suffix in ("",) if name.endswith("events") else ("_accepted", "_rejected"):
                taken = self.queues[name + suffix] = queue.Queue()
                subscribe = getattr(self.client, f"subscribe_to_{name}{suffix}")
                done, _ = subscribe(request, mqtt.QoS.AT_LEAST_ONCE, taken.put)
                done.result(WAIT_S)

    def heard(self, name: str):
        """The next message of a kind, as the SDK understood it."""
        message = self.queues[name].get(timeout=WAIT_S)
        self.answers += 1
        assert isinstance(message.timestamp, datetime.datetime), vars_of(message)
        return message

    def ask(self, name: str, request, outcome: str = "accepted"):
        token = f"t{self.answers}"
        request.client_token = token
        getattr(self.client, f"publish_{name}")(request, mqtt.QoS.AT_LEAST_ONCE).result(WAIT_S)
        answer = self.heard(f"{name}_{outcome}")
        assert answer.client_token == token, vars_of(answer)
        if outcome == "rejected":
            assert answer.code in CODES and answer.message, vars_of(answer)
        return answer

    def pending(self):
        return self.ask("get_pending_job_executions", iotjobs.GetPendingJobExecutionsRequest(thing_name=DEVICE))

    def describe(self, job: str, outcome: str = "accepted", **more):
        return self.ask("describe_job_execution",
                        iotjobs.DescribeJobExecutionRequest(thing_name=DEVICE, job_id=job, **more), outcome)

    def start_next(self, **more):
        return self.ask("start_next_pending_job_execution",
                        iotjobs.StartNextPendingJobExecutionRequest(thing_name=DEVICE, **more))

    def update(self, job: str, status: str, outcome: str = "accepted", **more):
        return self.ask("update_job_execution",
                        iotjobs.UpdateJobExecutionRequest(thing_name=DEVICE, job_id=job, status=status, **more), outcome)

    def publish(self, topic: str, payload: str) -> None:
        sent, _ = self.connection.publish(topic, payload, mqtt.QoS.AT_LEAST_ONCE)
        sent.result(WAIT_S)

    def close(self) -> None:
        self.connection.disconnect().result(WAIT_S)


def vars_of(message) -> dict:
    return {name: getattr(message, name) for name in message.__slots__}


class Meeting:
    """Hub and device, and the device known to the hub."""

    def __enter__(self) -> "Meeting":
        self.hub = Hub()
        self.device = Device(self.hub)
        self.device.publish(f"mw/v1/{DEVICE}/status", json.dumps({"online": True, "site": "alder"}))
        assert until(lambda: DEVICE in self.hub.admin_cli("devices")["device"]), "the hub has not heard of the device"
        return self

    def __exit__(self, *_exception) -> None:
        self.device.close()
        self.hub.close()

    def offer(self, version: str) -> tuple[str, dict, str]:
        """The rollout, the release and the job that it made."""
        release = self.hub.repository.add(version)
        rollout = self.hub.roll_out(release["target"])
        changed = self.device.heard("job_executions_changed_events")
        (queued,) = changed.jobs[iotjobs.JobStatus.QUEUED]
        following = self.device.heard("next_job_execution_changed_events").execution
        assert following.job_id == queued.job_id and following.status == iotjobs.JobStatus.QUEUED
        return rollout, release, queued.job_id


def a_job_from_offer_to_end(_folder: Path) -> int:
    with Meeting() as meeting:
        device = meeting.device
        assert device.pending().queued_jobs == []
        assert device.describe("$next").execution is None
        assert device.start_next().execution is None
        rollout, release, job = meeting.offer("1")
        the_job_is_told_everywhere(device, job, release)
        execution = device.start_next(status_details={"phase": "downloading"}).execution
        assert (execution.job_id, execution.status, execution.version_number) == (job, "IN_PROGRESS", 2)
        assert execution.started_at >= execution.queued_at and execution.status_details == {"phase": "downloading"}
        assert device.start_next().execution.job_id == job, "the one that runs comes first"
        in_progress = device.pending()
        assert [e.job_id for e in in_progress.in_progress_jobs] == [job] and in_progress.queued_jobs == []
        versions_are_compared(device, job)
        refusals_have_the_contracts_codes(device, job)
        answer = device.update(job, "SUCCEEDED", status_details={"phase": "committed", "serving": release["digest"]},
                               expected_version=3, include_job_execution_state=True)
        assert (answer.execution_state.status, answer.execution_state.version_number) == ("SUCCEEDED", 4)
        assert device.heard("job_executions_changed_events").jobs == {}
        assert device.heard("next_job_execution_changed_events").execution is None
        assert device.describe(job, "rejected").code == "TerminalStateReached"
        assert device.update(job, "FAILED", "rejected").code == "InvalidStateTransition"
        assert until(lambda: meeting.hub.admin_cli("rollout", "show", rollout)["state"] == "done")
        return device.answers


def the_job_is_told_everywhere(device: Device, job: str, release: dict) -> None:
    (queued,) = device.pending().queued_jobs
    assert queued.job_id == job and queued.version_number == 1 and queued.execution_number == 1
    for asked in (job, "$next"):
        execution = device.describe(asked, include_job_document=True).execution
        assert execution.job_id == job and execution.thing_name == DEVICE
        assert execution.job_document["operation"] == "millwright.install"
        assert execution.job_document["bundle"]["digest"] == release["digest"]
        assert isinstance(execution.queued_at, datetime.datetime)
    assert device.describe(job, include_job_document=False).execution.job_document is None


def versions_are_compared(device: Device, job: str) -> None:
    refused = device.update(job, "IN_PROGRESS", "rejected", expected_version=1)
    assert refused.code == "VersionMismatch", vars_of(refused)
    assert (refused.execution_state.status, refused.execution_state.version_number) == ("IN_PROGRESS", 2)
    answer = device.update(job, "IN_PROGRESS", expected_version=2, status_details={"phase": "shadow"},
                           include_job_execution_state=True, include_job_document=True, step_timeout_in_minutes=60)
    assert answer.execution_state.version_number == 3 and answer.execution_state.status_details == {"phase": "shadow"}
    assert answer.job_document["operation"] == "millwright.install"


def refusals_have_the_contracts_codes(device: Device, job: str) -> None:
    assert device.update("no-such-job", "FAILED", "rejected").code == "ResourceNotFound"
    assert device.describe("no-such-job", "rejected").code == "ResourceNotFound"
    assert device.update(job, "QUEUED", "rejected").code == "InvalidStateTransition"
    assert device.update(job, "DANCING", "rejected").code == "InvalidRequest"
    too_many = {f"k{i}": "v" for i in range(11)}
    for wrong in ({"status_details": too_many}, {"status_details": {"a b": "v"}}, {"status_details": {"k": ""}},
                  {"status_details": {"k": "v" * 1025}}, {"step_timeout_in_minutes": 10081}):
        refused = device.update(job, "IN_PROGRESS", "rejected", **wrong)
        assert refused.code == "InvalidRequest", (wrong, vars_of(refused))
    device.publish(f"$aws/things/{DEVICE}/jobs/{job}/update", "{no json")
    assert device.heard("update_job_execution_rejected").code == "InvalidJson"


def a_job_that_fails_halts_the_rollout(_folder: Path) -> int:
    with Meeting() as meeting:
        rollout, _, job = meeting.offer("1")
        device = meeting.device
        device.start_next()
        device.update(job, "FAILED", status_details={"phase": "rolled_back", "reason": "confidence fell by 0.062"})
        assert device.heard("next_job_execution_changed_events").execution is None
        shown = {}

        def halted() -> bool:
            shown.update(meeting.hub.admin_cli("rollout", "show", rollout))
            return shown["state"] == "halted"
        assert until(halted), shown
        return device.answers


CASES = [a_job_from_offer_to_end, a_job_that_fails_halts_the_rollout]
