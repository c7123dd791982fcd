"""/api/v1/openapi.json: valid, complete, and true to the catalog and the error table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from rivya import errors
from rivya.app import create_app
from rivya.catalog.loader import load
from rivya.catalog.validate import check_params
from rivya.errors import PublicError, ValidationFailed
from rivya.installation import installation as installed
from rivya.keys.model import SCOPES
from rivya.kit.ids import new_id
from rivya.openapi.operations import endpoints
from rivya.settings import Settings
from tests.api.conftest import Installation
from tests.running import Client, Rivya, eventually

PATH = "/api/v1/openapi.json"
METHODS = {"get", "post", "put", "patch", "delete"}
Document = dict[str, Any]


@pytest.fixture(scope="module")
def document(installation: Installation) -> Document:
    answer = Client(installation.base_url).get(PATH)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    return answer.json


@pytest.fixture(scope="module")
def validator(document: Document) -> Any:
    """Return a validator for a schema of the document."""
    registry = Registry().with_resource("urn:rivya", Resource(contents=document, specification=DRAFT202012))
    return lambda schema: Draft202012Validator(_absolute(schema), registry=registry)


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {name: f"urn:rivya{of}" if name == "$ref" else _absolute(of) for name, of in schema.items()}
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield method, path, item[method]


def resolved(document: Document, value: Document) -> Document:
    while "$ref" in value:
        found: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def responses(document: Document) -> Iterator[tuple[str, str, Document]]:
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            yield operation["operationId"], status, resolved(document, response)


def media(document: Document) -> Iterator[tuple[str, Document]]:
    """Return every media type of the document, with where it stands."""
    for _, _, operation in operations(document):
        for name, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{operation['operationId']} takes {name}", content
    for operation_id, status, response in responses(document):
        for name, content in response.get("content", {}).items():
            yield f"{operation_id} answers {status} {name}", content


# The document itself


def test_it_is_a_valid_openapi_document(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    validate(cast("Any", document))


def test_it_needs_no_key_and_names_this_installation(document: Document, installation: Installation) -> None:
    assert document["servers"] == [{"url": installation.base_url}]


def test_every_schema_is_a_valid_schema(document: Document) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_field_says_what_it_means(document: Document) -> None:
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, words in schema.get("properties", {}).items()
        if words is not False and not words.get("description")
    ]
    assert silent == []


def test_whoever_has_it_is_not_sent_it_again(installation: Installation) -> None:
    client = Client(installation.base_url)
    tag = client.get(PATH).headers["etag"]
    again = client.get(PATH, headers={"If-None-Match": tag})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)


def test_it_follows_the_catalog(database_url: str, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    rivya = Rivya(database_url, tmp_path / "rivya", {"RIVYA_CATALOG_DIR": str(catalog)})
    model = 'id = "made-here"\ndisplay_name = "X"\ncategory = "image"\nbilling_type = "FIXED"\nbase_credits = 1\n'
    try:
        client = Client(rivya.serve()[1])
        before = client.get(PATH)
        assert "CreateGeneration.made-here" not in before.json["components"]["schemas"]
        (catalog / "made-here.toml").write_text(model)
        eventually(lambda: "CreateGeneration.made-here" in client.get(PATH).json["components"]["schemas"])
        after = client.get(PATH)
        assert after.headers["etag"] != before.headers["etag"]
        assert client.get(PATH).body == after.body
    finally:
        rivya.close()


# Complete


def test_every_route_of_the_api_is_in_it(document: Document, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="for tests only")  # pyright: ignore[reportArgumentType]
    app = cast("Any", create_app(installed(settings), "postgresql://nowhere"))
    while not hasattr(app, "routes"):
        app = app._app
    under_api = [route for route in app.routes if route.path.startswith("/api/v1")]
    assert under_api
    for route in under_api:
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS"}:
                assert "operation" in handler.opt, f"{method} {route.path}"
                operation = document["paths"][route.path_format][method.lower()]
                assert operation["operationId"] == handler.opt["operation"].id
    assert len(endpoints(app.routes)) == sum(1 for _ in operations(document))


def test_operation_ids_are_unique(document: Document) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)


def test_every_operation_says_what_it_does(document: Document) -> None:
    for method, path, operation in operations(document):
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert operation["tags"][0] in {tag["name"] for tag in document["tags"]}


def test_every_error_code_is_in_it_with_its_status(document: Document) -> None:
    table = {
        kind.code: kind.status
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, PublicError) and kind is not PublicError
    }
    said = document["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["code"]["enum"]
    assert set(said) == table.keys()
    told: set[tuple[str, int]] = set()
    for operation_id, status, response in responses(document):
        for name, example in response.get("content", {}).get("application/json", {}).get("examples", {}).items():
            if "error" in example["value"]:
                assert example["value"]["error"]["code"] == name
                told.add((name, int(status)))
                assert table[name] == int(status), operation_id


def test_a_call_that_needs_a_key_says_its_scope_and_what_a_bad_key_is_answered(document: Document) -> None:
    for method, path, operation in operations(document):
        scopes = {scope for way in operation["security"] for needed in way.values() for scope in needed}
        assert scopes <= set(SCOPES), (method, path)
        if scopes:
            assert {"401", "403", "429", "503", "500"} <= operation["responses"].keys(), (method, path)


def test_every_answer_has_a_request_id(document: Document) -> None:
    for operation_id, status, response in responses(document):
        header = resolved(document, response["headers"]["X-Request-Id"])
        assert header["required"], (operation_id, status)


@pytest.mark.parametrize(
    ("operation_id", "header"),
    [("createGeneration", "Idempotency-Key"), ("createFile", "Idempotency-Key"), ("listModels", "If-None-Match")],
)
def test_request_headers_are_told(document: Document, operation_id: str, header: str) -> None:
    (operation,) = (found for _, _, found in operations(document) if found["operationId"] == operation_id)
    names = [resolved(document, parameter)["name"] for parameter in operation["parameters"]]
    assert header in names


@pytest.mark.parametrize(
    ("operation_id", "status", "header"),
    [
        ("createGeneration", "202", "Location"),
        ("createGeneration", "202", "Idempotent-Replayed"),
        ("createGeneration", "202", "X-RateLimit-Remaining"),
        ("createGeneration", "429", "Retry-After"),
        ("createFile", "201", "Location"),
        ("listModels", "200", "ETag"),
        ("getCredits", "503", "Retry-After"),
    ],
)
def test_response_headers_are_told(document: Document, operation_id: str, status: str, header: str) -> None:
    found = {(id, code): response for id, code, response in responses(document)}
    assert header in found[operation_id, status]["headers"]


# Examples


def test_every_body_has_an_example_and_every_example_is_valid(document: Document, validator: Any) -> None:
    checked = 0
    for where, content in media(document):
        named = [resolved(document, example)["value"] for example in content.get("examples", {}).values()]
        examples = [*named, *([content["example"]] if "example" in content else [])]
        assert examples or "multipart" in where, where
        for example in examples:
            wrong = list(validator(content["schema"]).iter_errors(example))
            assert not wrong, (where, example, wrong)
            checked += 1
    assert checked > 100


def test_examples_of_parameters_are_valid(document: Document, validator: Any) -> None:
    for _, _, operation in operations(document):
        for parameter in operation.get("parameters", []):
            found = resolved(document, parameter)
            if "example" in found:
                assert validator(found["schema"]).is_valid(found["example"]), found["name"]


def test_every_model_has_an_example_that_the_check_of_requests_accepts(document: Document) -> None:
    for model in load().values():
        if model.is_async:
            example = document["components"]["examples"][f"CreateGeneration.{model.id}"]["value"]
            assert example["model"] == model.id
            check_params(model, example["params"])


# Models


def request_of(document: Document, model: str) -> Document:
    return document["components"]["schemas"][f"CreateGeneration.{model}"]


def test_every_model_for_generations_has_a_request_of_its_own(document: Document, installation: Installation) -> None:
    models = Client(installation.base_url).get("/api/v1/models").json["data"]
    wanted = {model["id"] for model in models if model["runtime"] == "async_task"}
    mapping = document["components"]["schemas"]["CreateGeneration"]["discriminator"]["mapping"]
    assert mapping.keys() == wanted
    for model in wanted:
        named = {"const": model, "description": "Which model makes it."}
        assert request_of(document, model)["properties"]["model"] == named


def test_the_params_of_a_model_are_told_as_json_schema(document: Document) -> None:
    request = request_of(document, "demanding")
    assert request["required"] == ["model", "prompt", "params"]
    assert (request["properties"]["prompt"]["minLength"], request["properties"]["prompt"]["maxLength"]) == (1, 20)
    params = request["properties"]["params"]
    assert (params["required"], params["additionalProperties"]) == (["style"], False)
    own = params["properties"]
    assert own["size"] == {"type": "string", "enum": ["small", "large"], "default": "small"}
    assert own["style"]["maxLength"] == 10
    assert (own["strength"]["minimum"], own["strength"]["maximum"], own["strength"]["default"]) == (0, 1, 0.5)
    assert own["steps"] == {"type": "integer", "minimum": 1, "maximum": 2**53}
    assert own["tags"]["type"] == "array"
    assert own["referenceMediaItems"]["maxItems"] == 2


REQUESTS = [
    {"size": "large"},
    {"size": "huge"},
    {"style": "x" * 10},
    {"style": "x" * 11},
    {"style": " \t\x1f\u0085"},
    {"style": "a\x00"},
    {"style": "\ufeff"},
    {"strength": 0.3},
    {"strength": 0.15},
    {"strength": 0.07},
    {"strength": 1},
    {"strength": 1.05},
    {"strength": True},
    {"strength": "0.5"},
    {"steps": 3},
    {"steps": 3.0},
    {"steps": 2.5},
    {"steps": 0},
    {"steps": 2**53},
    {"steps": 2**53 + 2},
    {"tags": [1, "a", {"b": [None]}]},
    {"tags": ["\x00"]},
    {"tags": {"\x00": 1}},
    {"tags": list(range(100))},
    {"tags": list(range(101))},
    {"size": None},
    {"colour": "red"},
]


@pytest.mark.parametrize("params", REQUESTS, ids=repr)
def test_the_schema_of_params_says_what_the_check_says(
    document: Document, validator: Any, installation: Installation, params: dict[str, Any]
) -> None:
    models = load(folder=Path(__file__).parent / "catalog")
    given = {"style": "ink", **params}
    request = {"model": "demanding", "prompt": "a tree", "params": given}
    try:
        check_params(models["demanding"], given)
        accepted = True
    except ValidationFailed:
        accepted = False
    assert validator({"$ref": "#/components/schemas/CreateGeneration"}).is_valid(request) is accepted


@pytest.mark.parametrize(
    ("kinds", "valid"),
    [
        (["image"] * 9, True),
        (["image"] * 10, False),
        (["video"] + ["image"] * 5, True),
        (["video"] + ["image"] * 6, False),
        (["video"] * 2, False),
        (["audio"], False),
    ],
)
def test_the_mixes_of_references_are_told(document: Document, validator: Any, kinds: list[str], valid: bool) -> None:
    references = [{"url": "file_x", "kind": kind} for kind in kinds]
    request = {"model": "happyhorse-1-0", "prompt": "a tree", "params": {"referenceMediaItems": references}}
    assert validator({"$ref": "#/components/schemas/CreateGeneration"}).is_valid(request) is valid


def test_a_model_that_needs_a_reference_says_so(document: Document) -> None:
    params = request_of(document, "rivya-upscale")["properties"]["params"]
    assert params["required"] == ["referenceMediaItems"]
    assert params["properties"]["referenceMediaItems"]["minItems"] == 1


# Answers


@pytest.mark.parametrize(("name", "prefix"), [("TaskObject", "task"), ("FileObject", "file")])
def test_ids_have_a_pattern(document: Document, name: str, prefix: str) -> None:
    pattern = document["components"]["schemas"][name]["properties"]["id"]["pattern"]
    assert re.search(pattern, new_id(prefix))
    assert not re.search(pattern, f"{prefix}_1")


def test_moments_are_told_to_the_millisecond(document: Document) -> None:
    moments = [
        field
        for schema in document["components"]["schemas"].values()
        for name, field in schema.get("properties", {}).items()
        if name.endswith("_at")
    ]
    assert moments
    for field in moments:
        told = [field, *field.get("anyOf", [])]
        assert any(one.get("format") == "date-time" and "pattern" in one for one in told), field
