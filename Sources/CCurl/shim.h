#pragma once
#include <curl/curl.h>

/* The set and get calls of libcurl are variadic, which Swift does not import; each shape of argument is given a name here. */
typedef size_t (*sluice_curl_bytes_callback)(char *bytes, size_t size, size_t count, void *context);
typedef int (*sluice_curl_seek_callback)(void *context, curl_off_t offset, int origin);
typedef int (*sluice_curl_open_callback)(void *context, curl_socket_t fd, curlsocktype purpose);
typedef int (*sluice_curl_socket_callback)(CURL *easy, curl_socket_t fd, int what, void *context, void *socket);
typedef int (*sluice_curl_timer_callback)(CURLM *multi, long milliseconds, void *context);

/* "The time is up", in the place of a descriptor. */
static const curl_socket_t sluice_curl_socket_timeout = CURL_SOCKET_TIMEOUT;

static inline CURLcode sluice_curl_global_init(void) {
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}

static inline CURLcode sluice_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode sluice_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

/* libcurl copies the text. */
static inline CURLcode sluice_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

/* libcurl keeps the pointer. */
static inline CURLcode sluice_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

/* libcurl keeps the pointer. */
static inline CURLcode sluice_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode sluice_curl_set_bytes_callback(
    CURL *easy, CURLoption option, sluice_curl_bytes_callback callback) {
    return curl_easy_setopt(easy, option, callback);
}

static inline CURLcode sluice_curl_set_seek_callback(CURL *easy, sluice_curl_seek_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, callback);
}

static inline CURLcode sluice_curl_set_open_callback(CURL *easy, sluice_curl_open_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, callback);
}

/* Zero when libcurl does not know. */
static inline long sluice_curl_get_long(CURL *easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static inline curl_off_t sluice_curl_get_offset(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static inline CURLMcode sluice_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

/* Null callbacks switch both off. */
static inline CURLMcode sluice_curl_multi_set_callbacks(
    CURLM *multi, void *context, sluice_curl_socket_callback socket, sluice_curl_timer_callback timer) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    return curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}
