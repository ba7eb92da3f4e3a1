"""The contracts themselves: sound documents, a source for every clause, vectors that fit."""

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

import jsonschema_rs
import pytest
import zeep
from lxml import etree
from openapi_spec_validator import OpenAPIV31SpecValidator

from contracts.clauses import Clause, assumptions, clauses, clauses_of, decisions
from contracts.loader import ROOT, Vector, bif_fields, openapi, schema, toml, vectors, wsdl

DOCUMENTS = ("spectrum", "imt", "invoice_cloud", "adapter", "sandbox")
SERVICES = (
    "InvoiceFileUploadSOAP",
    "PaymentReportingSOAP",
    "ACHRejectReportingSOAP",
    "BillerSettledBatchDetailSOAP",
    "BillerAutoPayCustomerReportSOAP",
)
CALLS = ("spectrum/vectors", "imt/vectors", "adapter/vectors")
GOLDEN = "bif/golden"
NAMESPACES = {
    "wsdl": "http://schemas.xmlsoap.org/wsdl/",
    "soap": "http://schemas.xmlsoap.org/wsdl/soap/",
    "soap12": "http://schemas.xmlsoap.org/wsdl/soap12/",
    "s": "http://www.w3.org/2001/XMLSchema",
}
REQUEST_SCHEMAS = {
    "Token": "TokenRequest",
    "OnlineReceipt": "OnlineReceipt",
    "Sessions": "SessionRequest",
    "SetPaperless": "PaperlessChange",
    "SetBillMode": "BillModeChange",
    "Payment": "PaymentNotice",
    "Paperless": "PaperlessNotice",
    "AutoPay": "AutoPayNotice",
    "SignOn": "SignOnRequest",
}
ANSWER_SCHEMAS = {
    "Token": "TokenAnswer",
    "InvoiceBalanceDue": "BalanceAnswer",
    "OnlineReceipt": "OnlineReceiptAnswer",
    "Sessions": "SessionAnswer",
    "SetPaperless": "SettingsAnswer",
    "SetBillMode": "SettingsAnswer",
    "Payment": "PaymentAccepted",
    "Paperless": "EnrollmentAccepted",
    "AutoPay": "EnrollmentAccepted",
    "SignOn": "SignedOn",
}


def all_vectors() -> list[Any]:
    return [
        pytest.param(vector, id=f"{folder}/{'valid' if vector.valid else 'invalid'}/{vector.name}")
        for folder in (*CALLS, GOLDEN)
        for vector in vectors(folder)
    ]


def calls(*, valid: bool) -> list[Any]:
    return [
        pytest.param(folder.partition("/")[0], vector, id=vector.name)
        for folder in CALLS
        for vector in vectors(folder)
        if vector.valid is valid
    ]


def files(*, valid: bool) -> list[Any]:
    found = [vector for vector in vectors(GOLDEN) if vector.valid is valid]
    return [pytest.param(vector, id=vector.name) for vector in found]


def validator(partner: str, name: str) -> Any:
    return jsonschema_rs.validator_for(schema(partner, name))


@pytest.mark.parametrize("partner", DOCUMENTS)
def test_an_openapi_document_is_valid(partner):
    """OpenAPI's own schema takes it, and every example and default fits its schema."""
    assert list(OpenAPIV31SpecValidator(openapi(partner)).iter_errors()) == []


@pytest.mark.parametrize("partner", DOCUMENTS)
def test_a_reference_stays_in_its_document(partner):
    """A schema validates by itself, so that a fake can check a body with it."""
    for name in openapi(partner)["components"]["schemas"]:
        validator(partner, name)


@pytest.mark.parametrize("partner", DOCUMENTS)
def test_a_request_takes_no_unknown_field(partner):
    """Decision 0013, down to nested objects; a map of free names says so."""
    document = openapi(partner)
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}) if isinstance(operation, dict) else {}
            for media in content.get("content", {}).values():
                name = media["schema"]["$ref"].rpartition("/")[2]
                assert_closed(document["components"]["schemas"][name], name)


def assert_closed(node: dict[str, Any], place: str) -> None:
    if "properties" in node:
        assert node.get("additionalProperties") is False, place
    elif "$ref" in node:
        assert node["unevaluatedProperties"] is False, place
    for name, child in node.get("properties", {}).items():
        if child.get("type") == "object" and "properties" in child:
            assert_closed(child, f"{place}.{name}")


@pytest.mark.parametrize("service", SERVICES)
def test_a_wsdl_loads_in_zeep_on_both_ports(service):
    """SOAP 1.1 comes first, as in ASP.NET; SOAP 1.2 binds by its name."""
    client = zeep.Client(str(ROOT / "invoice_cloud" / f"{service}.wsdl"))
    assert list(client.wsdl.services[service].ports) == [f"{service}Soap", f"{service}Soap12"]
    assert client.bind(service, f"{service}Soap12") is not None


@pytest.mark.parametrize("service", SERVICES)
def test_a_wsdl_is_shaped_as_asp_net_writes_it(service):
    """Wrapped document/literal with parts named `parameters`, actions below the namespace."""
    document = etree.fromstring(wsdl(service))
    namespace = f"https://www.invoicecloud.com/portal/webservices/{service}/"
    parts = document.findall("wsdl:message/wsdl:part", NAMESPACES)
    assert document.get("targetNamespace") == namespace
    assert {part.get("name") for part in parts} == {"parameters"}
    for soap in ("soap", "soap12"):
        for operation in document.findall(f".//{soap}:operation", NAMESPACES):
            assert operation.get("style") == "document"
            assert operation.get("soapAction") == namespace + operation.getparent().get("name")
        address = document.find(f".//{soap}:address", NAMESPACES)
        assert address.get("location") == f"{namespace.removesuffix('/')}.asmx"


def test_the_clauses_name_every_part_of_the_wsdls_and_no_other():
    """The sidecar knows each operation, parameter and result; a DataSet's columns have no WSDL."""
    sidecar = toml("invoice_cloud/clauses.toml")
    for service in SERVICES:
        document = etree.fromstring(wsdl(service))
        operations = {
            operation.get("name")
            for operation in document.findall("wsdl:portType/wsdl:operation", NAMESPACES)
        }
        assert names(sidecar["operation"], service) == operations
        for operation in operations:
            found = document.findall(f".//s:element[@name='{operation}']//s:element", NAMESPACES)
            assert names(sidecar["parameter"], service, operation) == {
                e.get("name") for e in found
            }
    results = document_results("InvoiceFileUploadSOAP", "UploadResult")
    assert names(sidecar["result"], "InvoiceFileUploadSOAP", "*") == results


def names(rows: list[dict[str, Any]], service: str, operation: str | None = None) -> set[str]:
    wanted = [row for row in rows if row["service"] == service]
    if operation is not None:
        wanted = [row for row in wanted if row["operation"] in {operation, "*"}]
    return {row["name"] for row in wanted}


def document_results(service: str, name: str) -> set[str | None]:
    document = etree.fromstring(wsdl(service))
    found = document.findall(f".//s:complexType[@name='{name}']//s:element", NAMESPACES)
    return {element.get("name") for element in found}


def test_the_field_table_has_every_column_of_e1():
    """FileSpecIDs of E1 and E5 in the order of the technical design, each id once."""
    ids: dict[str, list[int]] = {}
    for field in bif_fields():
        ids.setdefault(field.record, []).append(field.id)
    assert ids == {
        "FH": [1, 2, 3, 4, 5, 6],
        "IH": [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 21, 183, 248, 252, 375],
        "CR": [58, 59, 60, 61, 62, 63, 64, 65, 67, 356, 357, 409],
        "ID": [70, 72, 79],
    }


def test_a_constant_of_the_field_table_has_its_value_and_nothing_else_has_one():
    for field in bif_fields():
        assert (field.value is not None) == (field.format == "constant"), field
        re.compile(field.pattern)


def test_every_clause_has_a_source():
    """`clauses` refuses a clause without one; each contract has some."""
    partners = Counter(clause.partner for clause in clauses())
    assert set(partners) == {"spectrum", "imt", "invoice_cloud", "adapter", "sandbox", "bif"}
    assert min(partners.values()) > 10


def test_a_clause_stands_once():
    """A place names one clause, so that a report can point at it."""
    places = Counter((clause.partner, clause.place) for clause in clauses())
    assert [place for place, count in places.items() if count > 1] == []


@pytest.mark.parametrize("source", ["", "given", "guessed 0002", "assumed"])
def test_a_clause_without_a_source_is_refused(source):
    """Who writes a clause and forgets its source learns of it by name."""
    document = json.loads(json.dumps(openapi("spectrum")))
    document["components"]["schemas"]["Problem"]["x-source"] = source
    with pytest.raises(ValueError, match=r"Problem: .* is no source"):
        clauses_of("spectrum", document)


def test_an_assumed_clause_names_a_decision_that_exists():
    known = {decision.number for decision in decisions()}
    unknown = [c for c in clauses() if c.source == "assumed" and c.reference not in known]
    assert unknown == []


def test_a_given_clause_names_a_requirement():
    unnamed = [c for c in clauses() if c.source == "given" and not is_requirement(c)]
    assert unnamed == []


def is_requirement(clause: Clause) -> bool:
    return re.fullmatch("[A-G][1-9]", clause.reference) is not None


def test_every_decision_is_referred_to():
    """0000 says that records are kept, and decides no clause; nor does one that is superseded."""
    referred = {clause.reference for clause in clauses() if clause.source == "assumed"}
    standing = {decision.number for decision in decisions() if not decision.is_superseded}
    assert referred == standing - {"0000"}


def test_the_report_of_assumptions_leaves_the_control_api_out():
    """It exists in the sandbox only, so there is no vendor to ask."""
    assert {clause.partner for clause in assumptions()} == {
        "adapter",
        "bif",
        "imt",
        "invoice_cloud",
        "spectrum",
    }


def test_the_decision_records_are_complete_and_numbered_without_gaps():
    headings = ["Context", "Options considered", "Decision", "Consequences", "Ask the vendor"]
    records = sorted((ROOT / "decisions").glob("[0-9]*.md"))
    for number, record in enumerate(records):
        text = record.read_text("utf-8")
        assert record.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number:04}: ")
        assert "\n- Status: " in text
        found = [h for h in re.findall("^## (.+)$", text, re.MULTILINE) if h in headings]
        assert found == headings, record.name
    assert [decision.number for decision in decisions()] == [r.name[:4] for r in records]
    assert all(decision.question for decision in decisions())


@pytest.mark.parametrize("vector", all_vectors())
def test_a_vector_satisfies_the_schema_of_vectors(vector):
    """And lies in the half that its content says."""
    rules = json.loads((ROOT / "vectors.schema.json").read_bytes())
    errors = list(jsonschema_rs.validator_for(rules).iter_errors(vector.document))
    assert [error.message for error in errors] == []
    assert vector.valid is not bool({"breaks", "problems"} & vector.document.keys())


@pytest.mark.parametrize("vector", all_vectors())
def test_a_vector_names_its_source(vector):
    """A requirement, a public source, or a decision that exists."""
    source, _, reference = vector.document["specification"].partition(" ")
    assert source != "assumed" or reference in {decision.number for decision in decisions()}


def test_there_are_vectors_enough():
    for folder in (*CALLS, GOLDEN):
        halves = Counter(vector.valid for vector in vectors(folder))
        assert halves[True] >= 7, folder
        assert halves[False] >= 20, folder


@pytest.mark.parametrize(("partner", "vector"), calls(valid=True))
def test_a_valid_call_fits_its_schemas(partner, vector):
    """Request and 2xx answer are what the OpenAPI document promises."""
    told = vector.document
    if "body" in told["request"]:
        name = REQUEST_SCHEMAS[told["operation"]]
        assert messages(partner, name, told["request"]["body"]) == []
    if told["response"]["status"] < 300 and "body" in told["response"]:
        name = ANSWER_SCHEMAS[told["operation"]]
        assert messages(partner, name, told["response"]["body"]) == []
    if "jwt" in told["response"]:
        assert messages(partner, "TokenHeader", told["response"]["jwt"]["header"]) == []
        assert messages(partner, "TokenClaims", told["response"]["jwt"]["claims"]) == []


@pytest.mark.parametrize(("partner", "vector"), calls(valid=False))
def test_an_invalid_call_breaks_exactly_one_rule(partner, vector):
    """The schema sees one fault, in the field that is named; or none, where it cannot see it."""
    told = vector.document
    breaks = told["breaks"]
    assert told["response"]["status"] == breaks["status"]
    if "body" not in told["request"]:
        assert not breaks["by_schema"]
        return
    name = REQUEST_SCHEMAS[told["operation"]]
    found = messages(partner, name, told["request"]["body"])
    assert len(found) == int(breaks["by_schema"]), found
    if found and breaks["field"] not in {None, "$"}:
        assert re.split(r"[./]", breaks["field"])[-1] in found[0]


def messages(partner: str, name: str, body: Any) -> list[str]:
    errors = validator(partner, name).iter_errors(body)
    return [f"{list(error.instance_path)}: {error.message}" for error in errors]


def test_the_receipts_vectors_show_every_outcome():
    """A4's four outcomes, the fourth in both of its kinds."""
    found = {vector.document.get("outcome") for vector in vectors("spectrum/vectors")}
    assert found - {None} == {"applied", "pending", "not_applied", "refused", "unknown"}


@pytest.mark.parametrize("vector", files(valid=True))
def test_a_golden_file_has_the_figures_of_its_sidecar(vector):
    """Counted here by the text alone, without any reader of ours."""
    rows = tagged_rows(vector)
    figures = vector.document["figures"]
    records = Counter(row.partition("~")[2].partition("|")[0] for row in rows)
    amounts = [re.search(r"\|13~([0-9.]+)", row) for row in rows if row.startswith("7~IH")]
    cents = sum(int(found[1].replace(".", "")) for found in amounts if found)
    header = rows[0].split("|")
    assert records == {kind: count for kind, count in figures["records"].items() if count}
    assert records["IH"] == figures["invoice_count"]
    assert cents == int(figures["total"].replace(".", ""))
    assert f"5~{figures['invoice_count']}" in header
    assert f"6~{figures['total']}" in header


@pytest.mark.parametrize("vector", files(valid=True))
def test_a_golden_file_holds_what_the_field_table_allows(vector):
    """Each value fits its column's pattern, and the columns keep their order."""
    columns = {field.id: field for field in bif_fields()}
    order = list(columns)
    for row in tagged_rows(vector):
        fields = [part.partition("~") for part in row.split("|")]
        ids = [int(told) for told, _, _ in fields]
        assert ids == sorted(ids, key=order.index)
        for file_spec_id, (_, _, value) in zip(ids, fields, strict=True):
            column = columns[file_spec_id]
            assert value == column.value if column.value and value else True
            assert not value or re.fullmatch(column.pattern, value)
            if column.format == "date" and value:
                datetime.strptime(value, "%m/%d/%Y")  # noqa: DTZ007  # a day has no zone


def test_every_rule_of_a_bif_is_broken_by_a_golden_file():
    """Each rule that the field table names, and only those."""
    broken = {v.document["problems"][0]["rule"] for v in vectors(GOLDEN) if not v.valid}
    assert broken == set(toml("bif/fields.toml")["rule"])


@pytest.mark.parametrize("vector", files(valid=False))
def test_a_broken_file_names_columns_as_the_field_table_does(vector):
    names_by_id: dict[int | None, str] = {field.id: field.name for field in bif_fields()}
    for problem in vector.document["problems"]:
        assert problem["field"] == names_by_id.get(problem["file_spec_id"])


def golden_bytes(vector: Vector) -> bytes:
    """Return the BIF beside its sidecar, which carries the same name."""
    assert vector.document["file"] == f"{vector.name}.BIF"
    return vector.path.with_name(vector.document["file"]).read_bytes()


def tagged_rows(vector: Vector) -> list[str]:
    """Return a golden file's rows, each value of a positional one with its FileSpecID."""
    rows = golden_bytes(vector).decode().splitlines()
    if not rows[0].startswith("FH"):
        return rows
    told = []
    for values in (row.split("|") for row in rows):
        columns = [field for field in bif_fields() if field.record == values[0]]
        if len(columns) != len(values):
            columns = [field for field in columns if not field.customization]
        pairs = zip(columns, values, strict=True)
        told.append("|".join(f"{field.id}~{value}" for field, value in pairs))
    return told


def test_no_file_of_the_contracts_lies_unused():
    """Each BIF has a sidecar; each file is one of the kinds that something reads."""
    sidecars = {v.path.with_name(v.document["file"]) for v in vectors(GOLDEN)}
    assert set((ROOT / GOLDEN).rglob("*.BIF")) == sidecars
