//! Linux: the kernel lists every supply of power in a directory of its own.

use std::fs;
use std::io;
use std::path::Path;

const SUPPLIES: &str = "/sys/class/power_supply";

/// A computer that lists none, as one without a battery or a container, draws from the mains.
pub(crate) fn is_plugged_in() -> io::Result<bool> {
    draws_from_mains(Path::new(SUPPLIES))
}

/// It does not when a battery is being discharged and no charger is online. Batteries of mice and headsets power only those.
fn draws_from_mains(supplies: &Path) -> io::Result<bool> {
    let supplies = match fs::read_dir(supplies) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(true),
        supplies => supplies?,
    };
    let mut is_discharged = false;
    for supply in supplies {
        let supply = supply?.path();
        // What is pulled out at this moment says nothing.
        let says = |file: &str| fs::read_to_string(supply.join(file)).unwrap_or_default().trim().to_owned();
        if says("scope") == "Device" {
            continue;
        }
        if says("type") == "Battery" {
            is_discharged |= says("status") == "Discharging";
        } else if says("online") == "1" {
            return Ok(true);
        }
    }
    Ok(!is_discharged)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a computer with these supplies draws from the mains: name, file and what stands in it.
    fn with(files: &[(&str, &str, &str)]) -> bool {
        let class = tempfile::tempdir().unwrap();
        for (supply, file, text) in files {
            let supply = class.path().join(supply);
            fs::create_dir_all(&supply).unwrap();
            fs::write(supply.join(file), format!("{text}\n")).unwrap();
        }
        draws_from_mains(class.path()).unwrap()
    }

    #[test]
    fn a_laptop_draws_from_the_mains_while_a_charger_is_online() {
        let laptop = |online, status| {
            with(&[
                ("AC", "type", "Mains"),
                ("AC", "online", online),
                ("BAT0", "type", "Battery"),
                ("BAT0", "status", status),
            ])
        };
        assert!(laptop("1", "Charging"));
        assert!(laptop("1", "Discharging"), "a weak charger is one");
        assert!(!laptop("0", "Discharging"));
        assert!(laptop("0", "Full"), "whatever feeds it is not listed");
    }

    #[test]
    fn a_computer_without_a_battery_of_its_own_draws_from_the_mains() {
        assert!(with(&[]));
        assert!(draws_from_mains(Path::new("/nowhere/at/all")).unwrap());
        let mouse = [("hid", "type", "Battery"), ("hid", "scope", "Device"), ("hid", "status", "Discharging")];
        assert!(with(&mouse));
    }

    #[test]
    fn a_laptop_that_is_charged_over_usb_draws_from_the_mains() {
        let usb = |online| {
            with(&[
                ("BAT0", "type", "Battery"),
                ("BAT0", "status", "Discharging"),
                ("ucsi", "type", "USB"),
                ("ucsi", "online", online),
            ])
        };
        assert!(usb("1") && !usb("0"));
    }
}
