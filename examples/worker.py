#!/usr/bin/env python3
"""A worker for Signalbox's own protocol, with nothing but Python's standard library.

    SIGNALBOX_TOKEN=$(signalbox token create --role worker) OPERATIONS=ADD,CHANGE python3 examples/worker.py
"""
import json, os, random, signal, threading, time, urllib.error, urllib.request, uuid

URL = os.environ.get("SIGNALBOX_URL", "http://127.0.0.1:8000")
WORKER = {"id": os.environ.get("WORKER_ID", "example-python"), "version": "1.0"}
OPERATIONS = os.environ.get("OPERATIONS", "ADD,CHANGE").split(",")
HEADERS = {"Authorization": "Bearer " + os.environ["SIGNALBOX_TOKEN"], "Content-Type": "application/json"}
stopping = threading.Event()


def call(action, body, tries=6):
    """POSTs; again while the service is away, which is safe for every call of the protocol."""
    for left in reversed(range(tries)):
        try:
            request = urllib.request.Request(f"{URL}/api/v1/jobs/{action}", json.dumps(body).encode(), HEADERS)
            with urllib.request.urlopen(request, timeout=45) as answer:
                return json.load(answer)
        except OSError as error:  # an HTTPError has a code; without one there was no answer
            if left == 0 or getattr(error, "code", 503) not in (429, 502, 503, 504):
                raise
            time.sleep(random.uniform(0.5, 1) * 2 ** (tries - left) / 5)


def beat(held, report, over):
    """Keeps the lease until the run is over; sets `over` when the job is not ours any more, or is cancelled."""
    while not over.wait(held["heartbeatSeconds"]):
        try:
            answer = call(f"{held['job']['jobId']}/heartbeat", {"leaseToken": held["leaseToken"], **report}, tries=1)
            if answer["control"]["cancel"]:
                over.set()
        except urllib.error.HTTPError as error:
            if error.code == 409:  # JOBS.LEASE_LOST: stop, and write nothing
                report["lost"] = True
                return over.set()
        except OSError:
            pass  # the next beat may go through; until the lease ends nobody takes the job


def work(job, report, over):
    """Your work: ten steps. Tells its progress through `report`, and stops when `over` is set."""
    for step in range(10):
        if over.wait(float(os.environ.get("STEP_SECONDS", "1"))):
            raise InterruptedError("cancelled")
        report.update(phase="transforming", percent=(step + 1) * 10, checkpoint={"step": step + 1})
    return {"steps": 10}


def run(held):
    """Does one job and says how it ended, in exactly one call."""
    report, over = {}, threading.Event()
    beats = threading.Thread(target=beat, args=(held, report, over))
    beats.start()
    try:
        action, body = "complete", {"result": work(held["job"], report, over)}
    except Exception as error:
        action, body = "fail", {"error": {"code": "EXAMPLE_FAILED", "message": str(error)}}
    over.set()
    beats.join()
    if not report.get("lost"):
        call(f"{held['job']['jobId']}/{action}", {"leaseToken": held["leaseToken"], **body})
    print(held["job"]["jobId"], "lost" if report.get("lost") else action, flush=True)


for name in (signal.SIGINT, signal.SIGTERM):
    signal.signal(name, lambda *_: stopping.set())
while not stopping.is_set():
    held = call("claim", {"worker": WORKER, "operations": OPERATIONS, "leaseSeconds": 60, "waitSeconds": 5, "claimId": str(uuid.uuid4())})
    if held["job"]:
        run(held)
    else:
        stopping.wait(held.get("retryAfterSeconds") or 0)
