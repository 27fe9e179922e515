"""Validators of settings: accepted values, and error messages, which must not show secrets."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.core.settings import Settings


@pytest.mark.parametrize("given", ["30/minute", "5 per 2 hours", "1/second", "off", "OFF"])
def test_limits_that_can_be_counted_are_accepted(given: str) -> None:
    assert Settings(rate_limit_ai=given, rate_limit_auth=given).rate_limit_ai == given


@pytest.mark.parametrize("given", ["30", "30/fortnight", "-1/minute", "1/minute, 5/hour", "many"])
def test_an_invalid_limit_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="must be one limit such as 30/minute, or off"):
        Settings(rate_limit_auth=given)


def test_a_limit_that_allows_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="must allow at least one request"):
        Settings(rate_limit_ai="0/minute")


@pytest.mark.parametrize("given", ["redis://host", "redis://:pass@host:6379/1", "rediss://user:pass@host/0"])
def test_limits_are_kept_in_redis(given: str) -> None:
    storage = Settings.model_validate({"rate_limit_storage": given}).rate_limit_storage
    assert storage is not None
    assert storage.get_secret_value() == given


@pytest.mark.parametrize("given", ["memory", "http://:pass@host", "redis://:pass@:6379", "redis://:pass@h:x/0"])
def test_an_invalid_redis_url_is_refused_without_showing_its_password(given: str) -> None:
    with pytest.raises(ValidationError, match="must be a URL such as redis://host:6379/0") as refused:
        Settings.model_validate({"rate_limit_storage": given})
    assert "pass" not in str(refused.value)


@pytest.mark.parametrize("given", ["", "10.0.0.5", "10.0.0.5,172.16.0.0/12,::1"])
def test_proxies_are_addresses_and_networks(given: str) -> None:
    assert Settings(forwarded_allow_ips=given.replace(",", " , ")).forwarded_allow_ips == given


@pytest.mark.parametrize("given", ["*", "nginx", "10.0.0.5/8", "0.0.0.0/0", "::/0"])
def test_a_proxy_network_of_all_addresses_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="must name"):
        Settings(forwarded_allow_ips=given)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("", ()),
        ("*", ("*",)),
        ("https://shop.example, http://localhost:3000", ("https://shop.example", "http://localhost:3000")),
        ('["https://shop.example"]', ("https://shop.example",)),
        ("HTTPS://Shop.Example:443,http://[::1]:80", ("https://shop.example", "http://[::1]")),  # as browsers say it
    ],
)
def test_origins_are_a_list_in_either_form(given: str, used: tuple[str, ...]) -> None:
    assert Settings.model_validate({"cors_origins": given}).cors_origins == used


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("https://shop.example/", "without a path or a trailing slash, not 'https://shop.example/'"),
        ("https://shop.example/app", "without a path or a trailing slash"),
        ("shop.example", "must be origins such as https://shop.example"),
        ("null", "must be origins such as"),
        ("ftp://shop.example", "must be origins such as"),
        ("https://user@shop.example", "must be origins such as"),
        ("https://shop.example:http", "must be origins such as"),
        ("*,https://shop.example", "must be either \\*"),
        ("[https://shop.example", "must be a JSON list"),
    ],
)
def test_an_invalid_origin_is_refused_and_named(given: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate({"cors_origins": given})
