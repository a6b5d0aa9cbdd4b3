"""Webcam and microphone, live: the picture with what is read in it, the last 30 seconds, the song that fits now."""

from __future__ import annotations

import time

import streamlit as st
from streamlit_webrtc import WebRtcMode, create_audio_sink_track, webrtc_streamer

from pages.live import frame, live_recording, now, stream
from pages.shared.language import language, t
from pages.shared.services import models
from pages.shared.ui.failures import calm

models.warm()
stream.drop_rather_than_queue()
st.title(t("live.title"))
st.markdown(t("live.lead"))
with calm():
    live, kept = now.of_session(), live_recording.of_session()
    left, right = st.columns([3, 2], gap="large")
    with left:
        servers = {"iceServers": stream.ice_servers()}
        context = webrtc_streamer(
            key="live",
            mode=WebRtcMode.SENDRECV,
            frontend_rtc_configuration=servers,
            server_rtc_configuration=servers,
            media_stream_constraints=stream.CONSTRAINTS,
            video_frame_callback=stream.on_video(live, stream.named(language()), kept),
            sink_audio_track=create_audio_sink_track(stream.on_audio(live, kept), key="live_sound"),
            sendback_audio=False,
            async_processing=True,
            video_html_attrs={"autoPlay": True, "controls": False, "muted": True, "style": {"width": "100%"}},
            translations=frame.translations(),
        )
        frame.show()
        asked = context.state.playing or context.state.signalling
        live_recording.ask(kept, start_s=now.mark(live, asked=asked, now_s=time.monotonic()))
        live_recording.show(kept)
        st.caption(t("live.privacy"))
    with right:
        now.panel(live, asked=asked)
    now.strip(live, asked=asked)
