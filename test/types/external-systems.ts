/** Types of clients that users bring: what the programs of this folder are written against. */

export interface Video {
  source: string;
  preset: 'hd' | 'sd';
}

/** An external system that knows a token again, and can be searched by it. */
export declare const farm: {
  submit(video: Video, options: { token: string }): Promise<string>;
  status(id: string): Promise<{ state: 'active' } | { state: 'succeeded' } | { state: 'failed'; reason: string }>;
  output(id: string): Promise<{ url: string; seconds: number }>;
  search(token: string): Promise<string | undefined>;
};

/** An external system with numbers for IDs. */
export declare const grid: {
  submit(command: readonly string[]): Promise<number>;
  status(id: number): Promise<string>;
};

/** An external system that neither knows a token nor can be searched. */
export declare const openai: {
  batches: {
    create(batch: { input_file_id: string; endpoint: string }, options: { signal: AbortSignal }): Promise<{ id: string }>;
    retrieve(id: string, options: { signal: AbortSignal }): Promise<{ status: string; output_file_id?: string }>;
  };
};
export declare class OpenAIError extends Error {
  readonly status: number;
}

export declare function upload(courseId: string): Promise<string>;
export declare function index(vectors: string, video: { url: string }): Promise<void>;
