//! The label in which a container keeps what runs in it before it is stopped, so that teardown needs no file.

use serde_json::{Value, json};

use super::action::HookRun;

/// The text of label `io.nestctl.pre-stop`.
pub(super) fn to_label(hooks: &[HookRun]) -> String {
    let hooks = hooks.iter().map(|hook| {
        let HookRun { command, user, privileged, working_dir, environment } = hook;
        let mut value = json!({"command": command});
        if let Some(user) = user {
            value["user"] = json!(user);
        }
        if *privileged {
            value["privileged"] = json!(true);
        }
        if let Some(directory) = working_dir {
            value["working_dir"] = json!(directory);
        }
        if !environment.is_empty() {
            value["environment"] = json!(environment);
        }
        value
    });
    hooks.collect::<Value>().to_string()
}

/// What the label says. What cannot be read is left out: a container must stop in the end.
pub(super) fn from_label(text: &str) -> Vec<HookRun> {
    let Ok(Value::Array(list)) = serde_json::from_str(text) else { return Vec::new() };
    let texts = |value: &Value| -> Vec<String> {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let hooks = list.iter().map(|value| HookRun {
        command: texts(&value["command"]),
        user: value["user"].as_str().map(str::to_owned),
        privileged: value["privileged"].as_bool() == Some(true),
        working_dir: value["working_dir"].as_str().map(str::to_owned),
        environment: texts(&value["environment"]),
    });
    hooks.filter(|hook| !hook.command.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_come_back_from_their_label() {
        let hooks = vec![
            HookRun { command: vec!["sync".to_owned()], ..HookRun::default() },
            HookRun {
                command: vec!["sh".to_owned(), "-c".to_owned(), "echo \"a b\" >/x".to_owned()],
                user: Some("0".to_owned()),
                privileged: true,
                working_dir: Some("/srv".to_owned()),
                environment: vec!["A=1".to_owned()],
            },
        ];
        assert_eq!(from_label(&to_label(&hooks)), hooks);
        assert_eq!(from_label("nonsense"), []);
    }
}
