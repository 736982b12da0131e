"""The environment is read once; what cannot be read is named, whatever the setting."""

import pytest

from app.config import TOGETHER, Config, ConfigError


def test_production_refuses_development_secrets_by_name():
    with pytest.raises(ConfigError) as caught:
        Config.from_env({"PUBLIC_BASE_URL": "https://desk.example.com"})
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "OTP_PEPPER", "SMTP_URL"):
        assert name in str(caught.value)


@pytest.mark.parametrize("name", ["SECRET_KEY", "ENCRYPTION_KEYS", "TSA_URLS", "TRUSTED_PROXIES"])
def test_a_list_of_nothing_is_not_set(name: str):
    assert Config.from_env({name: " , "}) == Config.from_env({})


@pytest.mark.parametrize("written", ["HTTPS://desk.example.com", "https://desk.example.com//"])
def test_production_is_seen_however_https_is_written(written: str):
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        Config.from_env({"PUBLIC_BASE_URL": written})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "postgresql://host:port/name"),
        ("PUBLIC_BASE_URL", "desk.example.com"),
        ("PUBLIC_BASE_URL", "http://desk.example.com:port"),
        ("PUBLIC_BASE_URL", "http://desk.example.com/desk"),
        ("PUBLIC_BASE_URL", "http://desk.example.com?a=b"),
        ("PUBLIC_BASE_URL", "http://user:password@desk.example.com"),
        ("ENCRYPTION_KEYS", "short"),
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail.example.com:port"),
        ("SMTP_URL", "smtp://mail.example.com:99999"),
        ("SMTP_URL", "smtp://mail.example.com?starttl"),
        ("SMTP_URL", "smtps://mail.example.com?starttls"),
        ("SMTP_URL", "smtp://user:pass#word@mail.example.com"),
        ("MAIL_FROM", "Session Desk"),
        ("MAIL_FROM", "Session Desk, Inc. <desk@example.com>"),
        ("MAIL_FROM", "desk@example.com, other@example.com"),
        ("IMAP_URL", "imaps://user:password@mail.example.com:port/"),
        ("IMAP_URL", "imap://user:password@mail.example.com/?starttl"),
        ("SMS_URL", "gateway.example.com"),
        ("REDIS_URL", "http://redis.example.com"),
        ("REDIS_URL", "redis://redis.example.com:port"),
        ("TSA_URLS", "tsa.example.com"),
        ("TSA_URLS", "https://tsa.example.com,ftp://tsa.example.com"),
        ("TSA_URLS", "https://tsa.example.com/#policy"),
        ("LIVEKIT_URL", "https://video.example.com"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("WEBHOOK_ALLOWED_NETWORKS", "everywhere"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str):
    with pytest.raises(ConfigError) as caught:
        Config.from_env({name: value})
    assert str(caught.value).startswith(f"{name} must ")
    assert "pass#word" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://"),
        ("DATABASE_URL", "sqlite:///var/session-desk.sqlite3"),
        ("PUBLIC_BASE_URL", "http://[::1]:8000"),
        ("SMTP_URL", "smtp://desk%40example.com:p%40ss@mail.example.com:587/?starttls"),
        ("SMTP_URL", "smtps://mail.example.com"),
        ("MAIL_FROM", "desk@example.com"),
        ("MAIL_FROM", '"Session Desk, Inc." <desk@example.com>'),
        ("MAIL_FROM", "Bürgerdienst <post@bücher.example>"),
        ("SMS_URL", "https://user:password@gateway.example.com/send?v=2"),
        ("REDIS_URL", "rediss://:password@redis.example.com:6380/1"),
    ],
)
def test_a_setting_is_kept_as_written(name: str, value: str):
    assert getattr(Config.from_env({name: value}), name.lower()) == value


def test_authorities_may_have_names_and_policies():
    urls = ("https://Northseal@tsa.example.com/#1.3.6.1.4.1.4146.2.3", "http://127.0.0.1:3161/")
    assert Config.from_env({"TSA_URLS": ", ".join(urls)}).tsa_urls == urls


@pytest.mark.parametrize("names", TOGETHER)
def test_settings_that_go_together_are_asked_for(names: tuple[str, ...]):
    values = {"livekit_url": "wss://video.example.com"}
    given = {name.upper(): values.get(name, "something") for name in names}
    config = Config.from_env(given)
    assert {name: getattr(config, name.lower()) for name in given} == given
    for name in given:
        with pytest.raises(ConfigError, match=f"^{name} must be set as well"):
            Config.from_env({**given, name: ""})
