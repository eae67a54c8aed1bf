// Generated from the OpenAPI document by npm run generate.
export interface paths {
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process answers */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The service can serve */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/films": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Films, found and sorted
         * @description Words are looked for in titles, names and descriptions; a title is found through a typo too. Everybody sees every film; what may be played is another question.
         */
        get: operations["listFilms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/films/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One film
         * @description With an ETag: send it back as If-None-Match and get 304 where nothing has changed.
         */
        get: operations["getFilm"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/films/{id}/playback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start playing a film
         * @description For members whose age ceiling reaches the film's rating; the newest three years also take the role `subscriber`. Takes no body.
         */
        post: operations["startPlayback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/genres": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All genres that films bear */
        get: operations["listGenres"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/persons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Directors and actors
         * @description By name; with a query the likest names first, typos forgiven.
         */
        get: operations["listPersons"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/persons/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A person and their films */
        get: operations["getPerson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** Problem */
        Problem: {
            /** @description A page that explains the code */
            type: string;
            /** @description For people, in English or Russian by Accept-Language */
            title: string;
            status: number;
            detail?: string;
            /** @description Stable; what clients branch on */
            code: string;
            /** @description Quote it to support: logs and traces are found by it */
            request_id: string;
            trace_id?: string;
            errors?: {
                /** @description JSON pointer into the request */
                at: string;
                /** @description For people, in the language of the title */
                message: string;
            }[];
        } & {
            [key: string]: unknown;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests; try again a little later */
            429: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Something went wrong on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_ready`: Not ready to serve
             *     `temporarily_unavailable`: Not available for a moment; try again
             */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "checks": {
                     *         "database": true
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                        checks: {
                            [key: string]: boolean;
                        };
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests; try again a little later */
            429: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Something went wrong on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_ready`: Not ready to serve
             *     `temporarily_unavailable`: Not available for a moment; try again
             */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFilms: {
        parameters: {
            query?: {
                /** @example godfahter */
                query?: string;
                /** @description A slug of GET /v1/genres */
                genre?: string;
                /** @description An id of GET /v1/persons */
                person?: number;
                /** @description By default relevance where there is a query, else -year */
                sort?: "relevance" | "title" | "-title" | "year" | "-year" | "rating" | "-rating";
                page_size?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": 2711,
                     *           "title": "The Godfather",
                     *           "year": 1972,
                     *           "age_rating": 18,
                     *           "access": "free",
                     *           "rating": 9.2,
                     *           "runtime_minutes": 175,
                     *           "poster_url": null,
                     *           "genres": [
                     *             {
                     *               "slug": "crime",
                     *               "name": "Crime"
                     *             },
                     *             {
                     *               "slug": "drama",
                     *               "name": "Drama"
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": {
                        items: {
                            id: number;
                            title: string;
                            year: number;
                            /**
                             * @description The Russian classes 0+ to 18+; 18 where nobody has rated the film
                             * @enum {integer}
                             */
                            age_rating: 0 | 6 | 12 | 16 | 18;
                            /**
                             * @description What playing it takes; the newest three years are for subscribers
                             * @enum {string}
                             */
                            access: "free" | "subscriber";
                            /** @description From 0 to 10 */
                            rating: number | null;
                            runtime_minutes: number | null;
                            poster_url: string | null;
                            genres: {
                                /** @description Pass it as `genre` */
                                slug: string;
                                /** @description In the language of Accept-Language */
                                name: string;
                            }[];
                        }[];
                        /** @description Pass it as `cursor` for the next page; null at the end */
                        next_cursor: string | null;
                    };
                };
            };
            /**
             * @description `relevance_needs_query`: Sorting by relevance needs a query
             *     `cursor_invalid`: The cursor does not belong to this list
             *     `invalid_request`: The request is not valid
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests; try again a little later */
            429: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Something went wrong on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `temporarily_unavailable`: Not available for a moment; try again */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getFilm: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 2711,
                     *       "title": "The Godfather",
                     *       "year": 1972,
                     *       "age_rating": 18,
                     *       "access": "free",
                     *       "rating": 9.2,
                     *       "runtime_minutes": 175,
                     *       "poster_url": null,
                     *       "genres": [
                     *         {
                     *           "slug": "crime",
                     *           "name": "Crime"
                     *         },
                     *         {
                     *           "slug": "drama",
                     *           "name": "Drama"
                     *         }
                     *       ],
                     *       "released_on": "1972-03-15",
                     *       "mpaa": null,
                     *       "votes": 411088,
                     *       "description": null,
                     *       "description_source": null,
                     *       "directors": [
                     *         {
                     *           "id": 181,
                     *           "name": "Francis Ford Coppola"
                     *         }
                     *       ],
                     *       "actors": [],
                     *       "playback": {
                     *         "allowed": false,
                     *         "refusal": "sign_in_required"
                     *       }
                     *     }
                     */
                    "application/json": {
                        id: number;
                        title: string;
                        year: number;
                        /**
                         * @description The Russian classes 0+ to 18+; 18 where nobody has rated the film
                         * @enum {integer}
                         */
                        age_rating: 0 | 6 | 12 | 16 | 18;
                        /**
                         * @description What playing it takes; the newest three years are for subscribers
                         * @enum {string}
                         */
                        access: "free" | "subscriber";
                        /** @description From 0 to 10 */
                        rating: number | null;
                        runtime_minutes: number | null;
                        poster_url: string | null;
                        genres: {
                            /** @description Pass it as `genre` */
                            slug: string;
                            /** @description In the language of Accept-Language */
                            name: string;
                        }[];
                        /** Format: date */
                        released_on: string | null;
                        /** @description The MPA's rating, where it is known */
                        mpaa: string | null;
                        votes: number | null;
                        description: string | null;
                        /** @description The article that the description is from (CC BY-SA) */
                        description_source: string | null;
                        directors: {
                            id: number;
                            name: string;
                        }[];
                        actors: {
                            id: number;
                            name: string;
                        }[];
                        /** @description Whether this caller may play it now */
                        playback: {
                            allowed: boolean;
                            /** @description The code that playing it would be refused with */
                            refusal: string | null;
                        };
                    };
                };
            };
            /** @description Nothing has changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `film_not_found`: There is no such film */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long`: The address is too long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests; try again a little later */
            429: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Something went wrong on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `temporarily_unavailable`: Not available for a moment; try again */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startPlayback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "grant": "kp_pg_eyJqdGkiOiI0YzJhIn0.AQnT4y8mZp0sV1kqXb2dWm5uJr7fEoLhCg3tPiKzNaYx",
                     *       "expires_in": 120,
                     *       "film": {
                     *         "id": 2711,
                     *         "title": "The Godfather",
                     *         "age_rating": 18,
                     *         "runtime_minutes": 175
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @description Show it to the streaming edge; it opens this film for this session */
                        grant: string;
                        /** @description Seconds */
                        expires_in: number;
                        film: {
                            id: number;
                            title: string;
                            age_rating: number;
                            runtime_minutes: number | null;
                        };
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `sign_in_required`: Sign in to go on
             *     `token_invalid`: The access token is not valid
             *     `token_expired`: The access token has expired
             *     `token_outdated`: The account has changed; refresh the access token
             *     `session_ended`: This session has been ended
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `age_restricted`: Not for the age set on this account
             *     `subscription_required`: This film is for subscribers
             */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `film_not_found`: There is no such film */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long`: The address is too long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send the body as application/json */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests; try again a little later */
            429: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Something went wrong on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `auth_unavailable`: Sign-in is unavailable for a moment; try again shortly
             *     `temporarily_unavailable`: Not available for a moment; try again
             */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listGenres: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "slug": "film-noir",
                     *           "name": "Film noir",
                     *           "films": 28
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": {
                        items: {
                            /** @description Pass it as `genre` to GET /v1/films */
                            slug: string;
                            /** @description In the language of Accept-Language */
                            name: string;
                            /** @description How many films bear it */
                            films: number;
                        }[];
                        next_cursor: null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests; try again a little later */
            429: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Something went wrong on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `temporarily_unavailable`: Not available for a moment; try again */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPersons: {
        parameters: {
            query?: {
                /** @example copolla */
                query?: string;
                page_size?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": 181,
                     *           "name": "Francis Ford Coppola",
                     *           "films": 14
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": {
                        items: {
                            id: number;
                            name: string;
                            /** @description How many films they directed or played in */
                            films: number;
                        }[];
                        /** @description Pass it as `cursor` for the next page; null at the end */
                        next_cursor: string | null;
                    };
                };
            };
            /**
             * @description `cursor_invalid`: The cursor does not belong to this list
             *     `invalid_request`: The request is not valid
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests; try again a little later */
            429: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Something went wrong on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `temporarily_unavailable`: Not available for a moment; try again */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPerson: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 181,
                     *       "name": "Francis Ford Coppola",
                     *       "films": 1,
                     *       "filmography": [
                     *         {
                     *           "id": 2711,
                     *           "title": "The Godfather",
                     *           "year": 1972,
                     *           "parts": [
                     *             "director"
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        id: number;
                        name: string;
                        /** @description How many films they directed or played in */
                        films: number;
                        /** @description The newest 100; GET /v1/films?person= lists them all */
                        filmography: {
                            id: number;
                            title: string;
                            year: number;
                            parts: ("director" | "actor")[];
                        }[];
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `person_not_found`: There is no such person */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long`: The address is too long */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests; try again a little later */
            429: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal_error`: Something went wrong on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `temporarily_unavailable`: Not available for a moment; try again */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
