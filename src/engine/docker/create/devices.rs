//! Devices that a driver chooses, and limits of block devices.

use bollard::models::{DeviceRequest as ApiDeviceRequest, ThrottleDevice};

use super::some::{some, some_map};
use crate::model::container::Device;
use crate::model::resources::{DeviceRequest, Resources};

/// Whether a device is named by CDI: `vendor.com/class=name`, and nothing else is said of it (Compose asks
/// `cdi.IsQualifiedName`).
pub(super) fn is_cdi(device: &Device) -> bool {
    let Some((kind, name)) = device.source.split_once('=') else { return false };
    let Some((vendor, class)) = kind.split_once('/') else { return false };
    let word = |word: &str| word.starts_with(|c: char| c.is_ascii_alphanumeric());
    device.source == device.target && word(vendor) && word(class) && word(name)
}

/// Requests in Compose's order: reservations, devices named by CDI, `gpus` (`getDeployResources`).
pub(super) fn device_requests(resources: &Resources, cdi: &[&Device]) -> Vec<ApiDeviceRequest> {
    let mut out: Vec<ApiDeviceRequest> =
        resources.reserved_devices.iter().map(|request| asked(request, None)).collect();
    if !cdi.is_empty() {
        out.push(ApiDeviceRequest {
            driver: Some("cdi".to_owned()),
            device_ids: some(cdi.iter().map(|device| device.source.clone())),
            ..ApiDeviceRequest::default()
        });
    }
    out.extend(resources.gpus.iter().map(|request| asked(request, Some("gpu"))));
    out
}

fn asked(request: &DeviceRequest, more: Option<&str>) -> ApiDeviceRequest {
    let capabilities: Vec<String> =
        request.capabilities.iter().cloned().chain(more.map(str::to_owned)).collect();
    ApiDeviceRequest {
        driver: request.driver.clone(),
        count: request.count,
        device_ids: some(request.device_ids.clone()),
        capabilities: Some(vec![capabilities]),
        options: some_map(&request.options),
    }
}

pub(super) fn throttles(limits: Vec<(String, i64)>) -> Option<Vec<ThrottleDevice>> {
    some(limits.into_iter().map(|(path, rate)| ThrottleDevice { path: Some(path), rate: Some(rate) }))
}
