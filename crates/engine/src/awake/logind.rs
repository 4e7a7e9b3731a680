//! Linux: logind keeps a computer awake for whoever holds a file that it hands out.

use std::time::Duration;

use zbus::Connection;
use zbus::zvariant::OwnedFd;

/// The file; the computer may sleep when it is closed.
pub(super) type Lock = OwnedFd;

/// Whoever is asked for longer than this is not there.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// What is asked for: neither sleep for idleness, nor sleep that another program asks for.
const WHAT: &str = "idle:sleep";

pub(super) async fn keep() -> Result<Lock, String> {
    match tokio::time::timeout(ANSWERS_WITHIN, inhibit()).await {
        Ok(answer) => answer.map_err(|fault| reason(&fault)),
        Err(_) => Err("logind does not answer".to_owned()),
    }
}

async fn inhibit() -> zbus::Result<OwnedFd> {
    let bus = Connection::system().await?;
    let (service, object, manager) =
        ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager");
    let request = (WHAT, "Nightkeep", "Runs are active", "block");
    bus.call_method(Some(service), object, Some(manager), "Inhibit", &request).await?.body().deserialize()
}

/// What a bus says of a missing service is nothing that a person could use.
fn reason(fault: &zbus::Error) -> String {
    if let zbus::Error::MethodError(name, why, _) = fault {
        return match why {
            _ if name.as_str() == "org.freedesktop.DBus.Error.ServiceUnknown" => "logind is not there".to_owned(),
            Some(why) => format!("logind refuses: {}", why.trim_end_matches('.')),
            None => format!("logind refuses: {name}"),
        };
    }
    if matches!(fault, zbus::Error::InputOutput(_) | zbus::Error::Connection(..)) {
        return "the system bus cannot be reached".to_owned();
    }
    fault.to_string()
}
