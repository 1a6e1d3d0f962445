package dev.parley.dispatcher.push;

import dev.parley.chassis.config.Setting;
import dev.parley.dispatcher.push.apns.ApnsSettings;
import dev.parley.dispatcher.push.fcm.FcmSettings;
import dev.parley.dispatcher.push.web.WebPushSettings;

/** The push services. One without its credentials is not used: what is to be sent through it is rejected. */
public record PushSettings(
    @Setting(doc = "Firebase Cloud Messaging.")
    FcmSettings fcm,
    @Setting(doc = "Apple Push Notification service.")
    ApnsSettings apns,
    @Setting(doc = "The push services of browsers.")
    WebPushSettings web) {}
