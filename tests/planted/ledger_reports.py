"""Wrongs in the adapter's ledger: invoice files, settled batches and enrolments."""

from tests.planted.wrongs import wrong

NEW_GUID = "1c3e1d0e-6d5c-4a2b-9f0a-5b7f6c2d9e10"


@wrong(15)
def an_upload_that_has_vanished(scene):
    scene.forget("uploads", scene.ledger.uploads[1])


@wrong(9)
def an_upload_that_invoice_cloud_never_had(scene):
    scene.ledger.uploads[1]["reference"] = "BIF20260105100001"


@wrong(9)
def an_upload_of_another_total(scene):
    scene.ledger.uploads[1]["total"] = "1.00"


@wrong(9)
def an_upload_of_another_count(scene):
    scene.ledger.uploads[1]["invoice_count"] += 1


@wrong(9)
def an_upload_with_another_files_guid(scene):
    scene.ledger.uploads[1]["file_guid"] = scene.ledger.uploads[0]["file_guid"]


@wrong(9)
def an_upload_called_refused_that_was_taken(scene):
    scene.ledger.uploads[1]["state"] = "refused"


@wrong(9)
def an_upload_called_something_that_nobody_knows(scene):
    scene.ledger.uploads[1]["state"] = "taken"


@wrong(14, sample=True)
def a_cut_off_before_the_changes_that_the_file_tells(scene):
    scene.ledger.uploads[1]["as_of"] = "2026-01-05T08:30:00Z"


@wrong(14)
def a_cut_off_after_the_changes_that_the_file_lacks(scene):
    scene.ledger.uploads[0]["as_of"] = "2026-01-05T09:30:00Z"


@wrong(15)
def a_settlement_that_has_vanished(scene):
    scene.forget("settlements", scene.ledger.settlements[0])


@wrong(8)
def a_settlement_of_a_batch_that_never_was(scene):
    row = {**scene.ledger.settlements[0], "batch_id": "4500-CC-20260107"}
    scene.invent("settlements", row)


@wrong(8)
def a_settlement_of_another_amount(scene):
    scene.ledger.settlements[0]["amount"] = "1.00"


@wrong(8)
def a_settlement_with_another_batch_total(scene):
    for row in scene.ledger.settlements:
        row["batch_total"] = "1.00"


@wrong(8)
def a_settlement_with_another_batch_count(scene):
    scene.ledger.settlements[0]["batch_count"] += 1


@wrong(8)
def a_settlement_on_another_day(scene):
    scene.ledger.settlements[0]["settled_on"] = "2026-01-09"


@wrong(15)
def a_settlement_twice(scene):
    scene.invent("settlements", dict(scene.ledger.settlements[0]))


@wrong(15, sample=True)
def an_enrolment_row_that_has_vanished(scene):
    scene.forget("enrollments", scene.ledger.enrollments[0])


@wrong(15)
def an_enrolment_row_of_nobodys_change(scene):
    account = {"event_guid": NEW_GUID, "account_number": "1234567"}
    scene.invent("enrollments", {**scene.ledger.enrollments[0], **account})


@wrong(15)
def an_enrolment_row_that_says_the_contrary(scene):
    row = scene.ledger.enrollments[1]
    row["enrolled"] = not row["enrolled"]


@wrong(15)
def an_enrolment_row_of_another_account(scene):
    rows = scene.ledger.enrollments
    rows[0]["account_number"] = rows[1]["account_number"]


@wrong(15)
def an_enrolment_row_at_another_time(scene):
    scene.ledger.enrollments[0]["changed_at"] = "2026-01-05T00:00:00Z"
