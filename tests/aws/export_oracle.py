"""`millwright aws export` against the AWS command line's own service model, and its recipes carried out."""

import json
import os
import re
import subprocess
import tarfile
from pathlib import Path

import peers
import service_model

PLACE = ("--region", "eu-central-1", "--account", "123456789012", "--bucket", "plant-models")
ROLE = "arn:aws:iam::123456789012:role/mw-streams"

# Stands in for `aws`: keeps what it was called with; nothing exists before it is made.
STAND_IN = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done >> "$CALLS/raw"
echo '--' >> "$CALLS/raw"
case "$*" in
  *--query*status.componentState*) echo "${STATE:-DEPLOYABLE}" ;;
  *describe-stream*|*describe-job*|*describe-component*) [ -n "${EXISTS:-}" ] || exit 254 ;;
esac
"""


class Export:
    """One export, and what its script calls."""

    def __init__(self, folder: Path, *words):
        self.out = folder / "export"
        self.told = peers.cli("aws", "export", "--out", self.out, *PLACE, *words)
        self.folder = folder

    def json(self, name: str):
        return json.loads((self.out / name).read_text())

    def apply(self, *steps, status: int = 0, **env) -> list[list[str]]:
        """Each call as a list of words, from `iot create-job` on."""
        tools = self.folder / "tools"
        tools.mkdir(exist_ok=True)
        (tools / "aws").write_text(STAND_IN)
        (tools / "aws").chmod(0o755)
        raw = tools / "raw"
        raw.unlink(missing_ok=True)
        raw.touch()
        done = subprocess.run([self.out / "apply.sh", *steps], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "CALLS": str(tools), **env})
        assert done.returncode == status, f"apply.sh {steps}: {done.returncode}: {done.stderr}"
        calls = [call.splitlines() for call in raw.read_text().split("--\n") if call]
        assert all(call[:2] == ["--region", "eu-central-1"] for call in calls), calls
        return [call[2:] for call in calls]

    def inputs(self, call: list[str]) -> tuple:
        """The operation and its input, as the command line would send it."""
        operation = service_model.operation(call[0], call[1])
        given, words = {}, iter(call[2:])
        for word in words:
            value = next(words)
            if word == "--cli-input-json":
                given.update(json.loads((self.out / value.removeprefix("file://")).read_text()))
            elif word not in ("--query", "--output"):
                if value.startswith("fileb://"):
                    value = (self.out / value.removeprefix("fileb://")).read_bytes()
                given[service_model.member_of(operation, word.removeprefix("--"))] = value
        return operation, given


def judge(export: Export, calls: list[list[str]]) -> list[str]:
    """The names of the calls; fails where the service model refuses one."""
    names = []
    for call in calls:
        names.append(" ".join(call[:2]))
        if call[0] == "s3":
            continue
        operation, given = export.inputs(call)
        found = service_model.faults(operation, given)
        assert not found, f"{names[-1]}: {found}"
    return names


def a_release_by_jobs(folder: Path) -> None:
    repository = peers.Repository(folder)
    release = repository.add("1")
    export = Export(folder, "--release", release["target"], "--repository", repository.folder, "--stream-role", ROLE,
                    "--thing", "gw-1", "--thing-group", "pumps")
    names = judge(export, export.apply("upload", "streams", "job"))
    assert names == ["s3 cp", "iot describe-stream", "iot create-stream", "iot describe-stream", "iot create-stream",
                     "iot describe-job", "iot create-job"], names
    names = judge(export, export.apply("streams", "job", EXISTS="1"))
    assert names == ["iot describe-stream", "iot update-stream", "iot describe-stream", "iot update-stream",
                     "iot describe-job"], names
    document = json.loads(export.json("iot/job.json")["document"])
    assert document["target"] == release["target"] and document["bundle"]["digest"] == release["digest"], document
    assert len(export.json("iot/job.json")["document"].encode()) <= 32768
    the_streams_name_what_is_uploaded(export, repository, release)


def the_streams_name_what_is_uploaded(export: Export, repository, release: dict) -> None:
    metadata = export.json("iot/metadata-stream.json")
    names = json.loads(metadata["description"])
    assert len(names) == len(metadata["files"]) and "timestamp.json" in names, names
    for name, file in zip(names, metadata["files"]):
        uploaded = (export.out / "s3" / file["s3Location"]["key"]).read_bytes()
        assert uploaded == (repository.folder / "metadata" / name).read_bytes(), name
    pack = export.out / "s3" / export.json("iot/pack-stream.json")["files"][0]["s3Location"]["key"]
    assert pack.stat().st_size == release["pack_bytes"]


def make_agent(folder: Path) -> Path:
    """A stand-in for the gateway's programs, that says yes to a configuration and no to one called bad."""
    (folder / "bin").mkdir(parents=True)
    agent = folder / "bin/millwright-agent"
    agent.write_text("#!/bin/sh\ncase $2 in *bad*) exit 3 ;; esac\n")
    agent.chmod(0o755)
    with tarfile.open(folder / "millwright-arm64.tar.gz", "w:gz") as archive:
        archive.add(agent, "opt/millwright/bin/millwright-agent")
    return folder / "millwright-arm64.tar.gz"


def a_bundle_by_greengrass(folder: Path) -> None:
    bundle = peers.make_bundle(folder / "bundle", "7")
    archive = make_agent(folder / "agent")
    export = Export(folder, "--bundle", bundle, "--thing-group", "pumps", "--agent", archive, "--agent-version", "1.4.0",
                    "--keep", "aws.greengrass.Nucleus=2.12.0")
    names = judge(export, export.apply("upload", "components", "deployment"))
    assert [n for n in names if "describe" not in n] == [
        "s3 cp", "greengrassv2 create-component-version", "greengrassv2 create-component-version",
        "greengrassv2 create-deployment"], names
    names = judge(export, export.apply("components", EXISTS="1"))
    assert "greengrassv2 create-component-version" not in names, names
    export.apply("components", status=1, STATE="FAILED")
    export.apply(status=2)
    export.apply("job", status=2)
    for component in ("com.millwright.agent", export.told["model_component"]):
        both_nuclei_take(export, export.json(f"greengrass/{component}.json"))
    the_recipes_work(export, bundle, archive, folder)


STEPS = {"install", "startup"}  # of those that lite knows: without shutdown, recover, and bootstrap in part
VARIABLES = {"artifacts:path", "work:path"}


def both_nuclei_take(export: Export, recipe: dict) -> None:
    assert recipe["RecipeFormatVersion"] == "2020-01-25" and recipe["ComponentType"] == "aws.greengrass.generic"
    assert re.fullmatch(r"\d+\.\d+\.\d+", recipe["ComponentVersion"]), recipe["ComponentVersion"]
    allowed = {"RecipeFormatVersion", "ComponentName", "ComponentVersion", "ComponentType", "ComponentDescription",
               "ComponentPublisher", "ComponentConfiguration", "ComponentDependencies", "Manifests"}
    assert set(recipe) <= allowed, set(recipe) - allowed
    assert "{" not in json.dumps(recipe.get("ComponentConfiguration", {}))[1:].replace('{"', ""), "variables"
    configuration = recipe.get("ComponentConfiguration", {}).get("DefaultConfiguration", {})
    variables = VARIABLES | {f"configuration:/{key}" for key, value in configuration.items() if isinstance(value, str)}
    for manifest in recipe["Manifests"]:
        assert manifest["Platform"]["os"] == "linux" and manifest["Platform"]["runtime"] == "*"
        for step, what in manifest["Lifecycle"].items():
            assert step in STEPS and set(what) <= {"Script", "Timeout", "RequiresPrivilege"}, (step, what)
            assert what.get("RequiresPrivilege", True) is True, "a boolean, or lite refuses it"
            assert set(re.findall(r"{([^{}]*)}", what["Script"])) <= variables, what["Script"]
        for artifact in manifest["Artifacts"]:
            key = artifact["Uri"].removeprefix("s3://plant-models/")
            assert (export.out / "s3" / key).is_file(), key
            assert artifact["Unarchive"] == "NONE" and artifact["Permission"]["Execute"] == "NONE"


def install(export: Export, component: str, work: Path, **configuration) -> int:
    """Carries the install step out as a nucleus does."""
    manifest = export.json(f"greengrass/{component}.json")["Manifests"][0]
    artifacts = export.out / "s3" / Path(manifest["Artifacts"][0]["Uri"].removeprefix("s3://plant-models/")).parent
    script = manifest["Lifecycle"]["install"]["Script"]
    values = {f"configuration:/{key}": value for key, value in configuration.items()}
    for name, value in {"artifacts:path": artifacts, "work:path": work, **values}.items():
        script = script.replace("{" + name + "}", str(value))
    work.mkdir(parents=True, exist_ok=True)
    return subprocess.run(["sh", "-c", script], cwd=work, capture_output=True, timeout=60).returncode


def the_recipes_work(export: Export, bundle: Path, archive: Path, folder: Path) -> None:
    work, programs = folder / "gg", folder / "gg/opt/millwright"
    for _ in range(2):  # a second version takes the place of the first
        assert install(export, export.told["model_component"], work / "model") == 0
    for file in bundle.iterdir():
        assert (work / "model/model/bundle" / file.name).read_bytes() == file.read_bytes(), file
    assert sorted(os.listdir(work / "model")) == ["model"], os.listdir(work / "model")
    programs.parent.mkdir(parents=True)

    def put_agent(config: str) -> int:
        return install(export, "com.millwright.agent", work / "agent", configFile=config, programs=programs)

    assert put_agent("/etc/bad.toml") != 0
    assert not programs.exists(), "programs that do not take the configuration stayed"
    assert put_agent("/etc/millwright/agent.toml") == 0
    (programs / "mark").touch()
    assert put_agent("/etc/bad.toml") != 0
    assert (programs / "mark").exists(), "the old programs are gone"
    programs.rename(f"{programs}.old")  # the power failed between the two moves
    assert put_agent("/etc/bad.toml") != 0
    assert (programs / "mark").exists(), "the old programs did not come back"
    assert put_agent("/etc/millwright/agent.toml") == 0
    assert os.listdir(programs) == ["bin"], os.listdir(programs)
    assert sorted(os.listdir(programs.parent)) == ["millwright"], os.listdir(programs.parent)


def a_release_by_greengrass(folder: Path) -> None:
    """A signed release as a component: everything that an agent needs to verify it lies in one folder."""
    repository = peers.Repository(folder)
    release = repository.add("1")
    export = Export(folder, "--release", release["target"], "--repository", repository.folder, "--stream-role", ROLE,
                    "--thing", "gw-1", "--agent", make_agent(folder / "agent"), "--agent-version", "1.4.0")
    judge(export, export.apply("upload", "components", "deployment"))
    for component in ("com.millwright.agent", export.told["model_component"]):
        both_nuclei_take(export, export.json(f"greengrass/{component}.json"))
    assert install(export, export.told["model_component"], folder / "work") == 0
    found = folder / "work/model/release"
    metadata = {path.name for path in (repository.folder / "metadata").iterdir()}
    assert {"document.json", "pack.tar", "timestamp.json"} <= {path.name for path in found.iterdir()}
    for path in found.iterdir():
        if path.name in metadata:
            assert path.read_bytes() == (repository.folder / "metadata" / path.name).read_bytes(), path
    assert json.loads((found / "document.json").read_text())["target"] == release["target"]
    assert (found / "pack.tar").stat().st_size == release["pack_bytes"]
    assert (folder / "work/model/bundle/manifest.json").is_file()
    configuration = export.json("greengrass/com.millwright.agent.json")["ComponentConfiguration"]["DefaultConfiguration"]
    assert configuration["models"] == export.told["release_place"], configuration


def the_oracle_refuses(folder: Path) -> None:
    """What the service would refuse is seen here: the comparison is not empty."""
    job = service_model.operation("iot", "create-job")
    assert service_model.faults(job, {"jobId": "a b", "targets": ["x"]})
    assert service_model.faults(job, {"jobId": "a", "targets": []})
    assert service_model.faults(job, {"jobId": "a", "targets": ["x"], "document": "x" * 32769})
    assert service_model.faults(job, {"jobId": "a", "targets": ["x"], "jobIdd": "b"})
    deployment = service_model.operation("greengrassv2", "create-deployment")
    assert service_model.faults(deployment, {"targetArn": "pumps"})
    stream = service_model.operation("iot", "create-stream")
    assert service_model.faults(stream, {"streamId": "s", "roleArn": ROLE, "files": [{"fileId": 256}]})


def mistakes_are_told_first(folder: Path) -> None:
    bundle = peers.make_bundle(folder / "bundle", "7")
    words = ["aws", "export", "--bundle", bundle, *PLACE, "--thing", "gw-1"]
    refused = peers.cli(*words, "--out", folder / "a", "--factor", "9", status=1)
    assert "--factor" in refused["error"] and "1.1 to 5" in refused["error"], refused
    assert not (folder / "a").exists()
    peers.cli(*words, "--out", folder / "b")
    assert "not empty" in peers.cli(*words, "--out", folder / "b", status=1)["error"]
    peers.cli("aws", "export", "--release", "models/none/1.tar", "--repository", folder, "--out", folder / "c", *PLACE,
              "--thing", "gw-1", status=4)


CASES = [a_release_by_jobs, a_bundle_by_greengrass, a_release_by_greengrass, the_oracle_refuses, mistakes_are_told_first]
