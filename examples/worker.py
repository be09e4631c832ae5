#!/usr/bin/env python3
"""A worker for Signalbox's own protocol, with nothing but Python's standard library:
SIGNALBOX_TOKEN=$(signalbox token create --role worker) OPERATIONS=ADD,CHANGE python3 examples/worker.py"""
import http.client, json, os, random, signal, threading, time, urllib.error, urllib.request, uuid
from concurrent import futures

JOBS = os.environ.get("SIGNALBOX_URL", "http://127.0.0.1:8000") + "/api/v1/jobs/"
HEADERS = {"Authorization": "Bearer " + os.environ["SIGNALBOX_TOKEN"], "Content-Type": "application/json"}
WORKER = {"id": os.environ.get("WORKER_ID", "example-python"), "version": "1.0"}
OPERATIONS = os.environ.get("OPERATIONS", "ADD,CHANGE").split(",")
stopping = threading.Event()

class Refused(Exception): """The service says no, for good; its text is the problem document."""

def call(action, **body):
    """POSTs, again while the service is away: every call of the protocol may be repeated."""
    request = urllib.request.Request(JOBS + action, json.dumps(body).encode(), HEADERS)
    while True:
        try:
            with urllib.request.urlopen(request, timeout=45) as answer: return json.load(answer)
        except (OSError, http.client.HTTPException) as error:  # one without a code had no answer
            if getattr(error, "code", 503) not in (429, 500, 502, 503, 504): raise Refused(error.read().decode(errors="replace"))
        if action == "claim" and stopping.is_set(): return {"job": None}
        time.sleep(random.uniform(1, 3))

def work(job, report, over):
    """Your work: ten steps. Tells its progress through `report`, and stops when `over` is set."""
    for step in range(10):
        if over.wait(float(os.environ.get("STEP_SECONDS", "1"))): raise InterruptedError("stopped")
        report.update(phase="transforming", percent=(step + 1) * 10, checkpoint={"step": step + 1})
    return {"steps": 10}

def run(job, tell, seconds):
    """Does one job, beats meanwhile, and says how it ended; returns the word for that. Writes nothing once the lease is lost."""
    report, over = {}, threading.Event()
    try:
        with futures.ThreadPoolExecutor() as pool:
            doing = pool.submit(work, job, report, over)
            try:
                while not futures.wait([doing], seconds).done:
                    if tell("heartbeat", **report)["control"]["cancel"]: over.set()
            finally: over.set()  # also when a beat is refused
        tell("complete", result=doing.result())
        return "complete"
    except BaseException as error:  # of the work, or a report or result that is refused
        if isinstance(error, Refused) and "JOBS.LEASE_LOST" in str(error): return "lost"
        tell("fail", error={"code": "EXAMPLE_FAILED", "message": repr(error)[:2000]}, retryable=not isinstance(error, Refused))
        return "fail"

for name in (signal.SIGINT, signal.SIGTERM): signal.signal(name, lambda *_: stopping.set())
while not stopping.is_set():
    held = call("claim", worker=WORKER, operations=OPERATIONS, leaseSeconds=60, waitSeconds=5, claimId=str(uuid.uuid4()))
    if held["job"] is None: stopping.wait(held.get("retryAfterSeconds") or 0)
    else:
        tell = lambda action, **body: call(f"{held['job']['jobId']}/{action}", leaseToken=held["leaseToken"], **body)
        try:  # a job that came with the stop goes back at once
            word = tell("release") and "released" if stopping.is_set() else run(held["job"], tell, held["heartbeatSeconds"])
        except Refused as error: word = f"lost: {error}"
        print(held["job"]["jobId"], word, flush=True)
